//! Tells tauri which commands there are, so that none is open to every page by itself, and which permissions they need.

use std::path::Path;

/// Every command of the window.
const COMMANDS: &[&str] = &include!("src/command_names.rs");

/// Stands in for the page where nobody built it: the program compiles all the same, and says what is missing.
const NO_PAGE: &str = "<!doctype html><meta charset=\"utf-8\"><title>keycap</title><p>The page was not built. Run <code>npm ci && npm run build</code> in the folder <code>ui</code>, and build keycap-desktop again.</p>\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let page = Path::new("../../ui/dist");
    println!("cargo::rerun-if-changed=../../ui/dist");
    println!("cargo::rerun-if-changed=src/command_names.rs");
    if !page.join("index.html").exists() {
        std::fs::create_dir_all(page)?;
        std::fs::write(page.join("index.html"), NO_PAGE)?;
    }
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}
