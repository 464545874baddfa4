//! Secrets as keyring items, one each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keycap_core::secret::{SecretBytes, SecretText};
use zeroize::Zeroizing;

use super::{ItemName, ItemStore, SecretError, SecretRef, SecretStore, VaultId, check_length, probe};

/// The secrets of one vault in a keyring. Values are base64, since KDE's wallet keeps text only.
pub(crate) struct Keyring<'a> {
    pub(crate) items: &'a dyn ItemStore,
    pub(crate) vault: VaultId,
}

impl Keyring<'_> {
    pub(crate) fn name(&self, secret: SecretRef<'_>) -> ItemName {
        ItemName { vault: self.vault, id: secret.id, kind: secret.kind.as_str().into(), label: secret.label.into() }
    }
}

impl SecretStore for Keyring<'_> {
    fn put(&self, secret: SecretRef<'_>, bytes: &SecretBytes) -> Result<Option<Vec<u8>>, SecretError> {
        put(self.items, &self.name(secret), bytes)?;
        Ok(None)
    }

    fn read(&self, secret: SecretRef<'_>, _kept: Option<&[u8]>) -> Result<SecretBytes, SecretError> {
        read(self.items, &self.name(secret))
    }
}

/// Makes an item that holds `bytes`.
pub(crate) fn put(items: &dyn ItemStore, name: &ItemName, bytes: &SecretBytes) -> Result<(), SecretError> {
    check_length(bytes)?;
    // The exact size, so that encoding does not leave outgrown copies behind.
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    STANDARD.encode_string(bytes.expose(), &mut text);
    items.put(name, SecretText::new(text))
}

/// The bytes that an item holds.
///
/// # Errors
/// [`SecretError::Vanished`] only if the keyring keeps other things: otherwise what is wrong with the keyring.
pub(crate) fn read(items: &dyn ItemStore, name: &ItemName) -> Result<SecretBytes, SecretError> {
    let Some(text) = items.read(name)? else {
        probe(items, name.vault)?;
        return Err(SecretError::Vanished { label: name.label.clone() });
    };
    let damaged = |_| SecretError::Damaged { label: name.label.clone() };
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.expose().len())]);
    let length = STANDARD.decode_slice(text.expose(), &mut bytes).map_err(damaged)?;
    bytes.truncate(length);
    Ok(SecretBytes::new(std::mem::take(&mut *bytes)))
}

#[cfg(test)]
mod tests {
    use super::super::{MemoryItems, SecretId, SecretKind};
    use super::*;

    #[test]
    fn no_such_item_is_believed_only_of_a_keyring_that_keeps_things() {
        let items = MemoryItems::new();
        let keyring = Keyring { items: &items, vault: VaultId::generate() };
        let secret = SecretRef { id: SecretId::generate(), kind: SecretKind::Key, label: "keycap: key me" };
        assert_eq!(keyring.read(secret, None).unwrap_err().code(), "secret-vanished");
        assert!(items.is_empty(), "the canary is gone");
        items.fail_after(1, Some(SecretError::NoCollection));
        assert_eq!(keyring.read(secret, None).unwrap_err(), SecretError::NoCollection);
    }

    #[test]
    fn bytes_come_back_as_they_went_in() {
        let items = MemoryItems::new();
        let keyring = Keyring { items: &items, vault: VaultId::generate() };
        for length in [0, 1, 2, 3, 31, 32, 33, super::super::MAX_SECRET_BYTES] {
            let secret = SecretRef { id: SecretId::generate(), kind: SecretKind::Root, label: "keycap: service a (root, epoch 0)" };
            let bytes = vec![0xa5; length];
            keyring.put(secret, &SecretBytes::new(bytes.clone())).unwrap();
            assert_eq!(keyring.read(secret, None).unwrap().expose(), bytes);
        }
    }

    #[test]
    fn what_is_not_base64_is_damaged_and_too_much_is_refused() {
        let items = MemoryItems::new();
        let keyring = Keyring { items: &items, vault: VaultId::generate() };
        let secret = SecretRef { id: SecretId::generate(), kind: SecretKind::Key, label: "keycap: key me" };
        items.put(&keyring.name(secret), SecretText::new("edited by hand".into())).unwrap();
        assert_eq!(keyring.read(secret, None).unwrap_err().code(), "secret-damaged");
        let long = SecretBytes::new(vec![0; super::super::MAX_SECRET_BYTES + 1]);
        assert_eq!(keyring.put(secret, &long).unwrap_err().code(), "secret-too-long");
    }
}
