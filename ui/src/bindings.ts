// Made by `cargo test -p keycap-desktop` from the Rust types and commands. Do not edit: the test fails when this file differs.

import { invoke } from "@tauri-apps/api/core";

/**
 * An action of the registry, with why it cannot be done now.
 */
export type ActionView = { 
/**
 * Its stable name.
 */
id: string, 
/**
 * What a button says.
 */
label: string, 
/**
 * What it does.
 */
description: string, 
/**
 * How much it asks of a person.
 */
danger: DangerView, 
/**
 * The key that starts it, in the lists where it works.
 */
key: string | null, 
/**
 * Where that key works: `everywhere`, `keys`, `services`, `grants`, `capabilities`.
 */
place: string | null, 
/**
 * A command line that does the same.
 */
example: string, 
/**
 * Why it cannot be done now.
 */
disabled: string | null, };

/**
 * What was taken in.
 */
export type AddedView = { 
/**
 * `capability`, `key-card` or `service-card`.
 */
kind: string, 
/**
 * Its name in this vault.
 */
name: string, 
/**
 * The name of what it replaced.
 */
replaced: string | null, };

/**
 * What was dropped on the window, or came with a link or as a file when keycap was started, by what is to be done with it.
 */
export type Arrivals = { 
/**
 * Capabilities and cards: to be taken in.
 */
finds: Finds, 
/**
 * Sealed files: to be opened.
 */
open: Chosen | null, 
/**
 * Other files and folders: to be sealed.
 */
seal: Chosen | null, };

/**
 * A backup that was written.
 */
export type BackedUp = { 
/**
 * Where it is.
 */
file: string, 
/**
 * What is in it.
 */
backup: BackupView, };

/**
 * A backup that was written.
 */
export type BackupView = { 
/**
 * How many bytes the sealed file has.
 */
bytes: number, 
/**
 * How many parts of each kind it holds: `secret`, `key`, `card`, `service`, `root`, `grant`, `revocation`, `capability`, `log`, ….
 */
parts: { [key in string]: number }, 
/**
 * Whether it was opened and read again after it was written, and found whole.
 */
tested: boolean, 
/**
 * If it was not: why.
 */
untested_because: string | null, 
/**
 * What could keep it from being of use when it is needed, in sentences.
 */
warnings: Array<string>, };

/**
 * One block of a chain.
 */
export type BlockView = { 
/**
 * `grant`, `link` or `hand-off`.
 */
kind: string, 
/**
 * Its 8 random bytes in hex.
 */
id: string, 
/**
 * Its caveats: name and value, as people read them.
 */
caveats: Array<[string, string]>, };

/**
 * A capability held.
 */
export type CapabilityView = { 
/**
 * Its name in this vault.
 */
name: string, 
/**
 * The service's name, if this vault knows it.
 */
service: string | null, 
/**
 * The fingerprint of the service's key.
 */
service_fingerprint: string, 
/**
 * What becomes of it now, as far as a holder can tell: only the service knows what it revoked.
 */
state: State, 
/**
 * What it allows, in a sentence.
 */
allows: string, 
/**
 * The key it is bound to; `None`: whoever has it can use it.
 */
holder: HolderView | null, 
/**
 * Whether it is bound to a key that is not in this vault: it can be looked at, not used.
 */
foreign_holder: boolean, 
/**
 * The least expiry of its chain.
 */
expires: number | null, 
/**
 * The name of the capability that it was delegated from, in this vault.
 */
parent: string | null, 
/**
 * Where the service may be found, as the capability says.
 */
hints: Array<string>, 
/**
 * Where the user said it is found.
 */
gateway: string | null, 
/**
 * When it came into the vault.
 */
added: number, 
/**
 * A note.
 */
note: string, 
/**
 * Its chain, the grant first.
 */
blocks: Array<BlockView>, };

/**
 * Files that a person chose.
 */
export type Chosen = { 
/**
 * Names them until they are worked on or let go.
 */
handle: string, 
/**
 * Their names, at most 100.
 */
names: Array<string>, 
/**
 * How many there are.
 */
count: number, 
/**
 * Where the first of them lies: what is made of it goes there too.
 */
folder: string, };

/**
 * Why the vault is closed to the window.
 */
export type Closed = "here" | "elsewhere" | "idle" | "slept" | "screen";

/**
 * How much an action asks of a person before it is done.
 */
export type DangerView = "none" | "mild" | "moderate" | "severe";

/**
 * What a form says about a narrower capability.
 */
export type DelegateForm = { 
/**
 * The capability that is narrowed.
 */
capability: string, 
/**
 * For whom: the new one's name.
 */
name: string, 
/**
 * The limits that are added.
 */
limits: LimitsForm, };

/**
 * What would be delegated.
 */
export type DelegatePreview = { 
/**
 * What it would allow, in a sentence.
 */
sentence: string, 
/**
 * What the holder should know before it exists.
 */
warnings: Array<string>, 
/**
 * Whether it is a hand-off: bound to one key before, to another afterwards.
 */
hand_off: boolean, 
/**
 * The command line that delegates the same.
 */
command: string, };

/**
 * One thing in a backup.
 */
export type DiffLine = { 
/**
 * What it is: `key`, `card`, `service`, `grant`, `revocation` or `capability`.
 */
kind: string, 
/**
 * Its name in the backup.
 */
name: string, 
/**
 * What names it in a request to replace it, such as `key:laptop`.
 */
reference: string, 
/**
 * With a conflict: what contradicts what, and what replacing would do.
 */
why: string | null, 
/**
 * Whether a conflict can be settled in the backup's favour.
 */
replaceable: boolean, };

/**
 * One thing that was looked at.
 */
export type DoctorFinding = { 
/**
 * How bad it is.
 */
level: Level, 
/**
 * A stable name for programs, in kebab-case.
 */
code: string, 
/**
 * What was found, in a sentence.
 */
what: string, 
/**
 * The way out, if one is needed.
 */
hint: string | null, 
/**
 * Whether `keycap doctor --mend` mends it.
 */
mendable: boolean, };

/**
 * What becomes of what came from earlier root secrets.
 */
export type Earlier = "keep" | "revoke";

/**
 * Something happened.
 */
export type Event = { "kind": "changed" } | { "kind": "gate", 
/**
 * Why it is closed; `None`: it is open.
 */
closed: Closed | null, } | { "kind": "arrived" } | { "kind": "clipboard-cleared" } | { "kind": "running" } | { "kind": "tasks" } | { "kind": "hover", 
/**
 * How many; 0: none any more.
 */
files: number, };

/**
 * What is exported or taken in.
 */
export type Exchanged = "key" | "service";

/**
 * What a chain says to a request.
 */
export type ExplainView = { 
/**
 * The capability or grant that was asked about.
 */
name: string, 
/**
 * Whether nothing says no.
 */
allowed: boolean, 
/**
 * The answer in a sentence.
 */
summary: string, 
/**
 * One finding a caveat, in the order of the chain.
 */
findings: Array<FindingView>, };

/**
 * Why one file was not done.
 */
export type FileErrorView = { 
/**
 * A stable name for programs.
 */
code: string, 
/**
 * What was wrong.
 */
message: string, 
/**
 * What to do next.
 */
hint: string | null, };

/**
 * What became of one file.
 */
export type FileView = { 
/**
 * The file as it was named; `-` for standard input.
 */
file: string, 
/**
 * Where what was made of it is; `None`: standard output, or nothing was made.
 */
output: string | null, 
/**
 * Bytes of plaintext.
 */
bytes: number, 
/**
 * Things in a folder that could not be taken along: sockets, pipes, devices, links that lead outside.
 */
left_out: number, 
/**
 * With what the vault opened it, and who sealed it; `None`: it was sealed, or opened by something that was named.
 */
opened: OpenedView | null, 
/**
 * Why it was not done.
 */
error: FileErrorView | null, };

/**
 * What became of files.
 */
export type FilesView = { 
/**
 * To whom they were sealed; empty if they were opened.
 */
recipients: Array<RecipientView>, 
/**
 * Each file, in the order in which it was named.
 */
files: Array<FileView>, 
/**
 * How many were done.
 */
done: number, 
/**
 * How many were not.
 */
failed: number, 
/**
 * Bytes of plaintext in those that were done.
 */
bytes: number, 
/**
 * What to know besides, in sentences.
 */
notes: Array<string>, };

/**
 * Something that can be taken in.
 */
export type Find = { 
/**
 * Names it until it is taken in or the vault is closed.
 */
handle: string, 
/**
 * Where it comes from, in a few words.
 */
source: string, 
/**
 * What it is.
 */
what: IncomingView, };

/**
 * What one caveat says.
 */
export type FindingView = { 
/**
 * The block's place in the chain, from 0.
 */
block: number, 
/**
 * `grant`, `link` or `hand-off`.
 */
kind: string, 
/**
 * The caveat's name; `None` for what the chain as a whole says.
 */
caveat: string | null, 
/**
 * The caveat's value, as people read it.
 */
value: string, 
/**
 * Whether it holds.
 */
holds: boolean, 
/**
 * Why not.
 */
reason: string | null, };

/**
 * Things that were found, and why others were not.
 */
export type Finds = { 
/**
 * What can be taken in.
 */
items: Array<Find>, 
/**
 * What could not be read, and why.
 */
failures: Array<Unread>, };

/**
 * A gateway of this vault, running or stopped.
 */
export type GatewayView = { 
/**
 * Its number in the ledger.
 */
id: number, 
/**
 * The service that it serves.
 */
service: string, 
/**
 * Its process.
 */
pid: number, 
/**
 * The machine it runs on.
 */
host: string, 
/**
 * Where it listens.
 */
listen: string, 
/**
 * What it puts sessions through to, as `NAME=ADDRESS`.
 */
upstreams: Array<string>, 
/**
 * When it started.
 */
started: number, 
/**
 * Whether it has given a sign of life within the last seconds and has not stopped.
 */
alive: boolean, 
/**
 * Live sessions.
 */
sessions: number, };

/**
 * How many grants a service has.
 */
export type GrantCounts = { 
/**
 * All of them.
 */
all: number, 
/**
 * Those that the service minted itself.
 */
minted: number, 
/**
 * Those that were revoked themselves.
 */
revoked: number, };

/**
 * One line of the tree of grants.
 */
export type GrantRow = { 
/**
 * How deep it stands; 0 for what the service minted.
 */
depth: number, 
/**
 * For each depth up to its own, whether it, or the grant above it there, is the last of its siblings: what a tree's lines are drawn from.
 */
last: Array<boolean>, 
/**
 * The grant.
 */
grant: GrantView, };

/**
 * A grant: a capability that was minted or shared here, or a delegation that a gateway has met.
 */
export type GrantView = { 
/**
 * Its revocation id, 32 hex digits. Any beginning of at least 4 that is unique names it.
 */
rid: string, 
/**
 * The service's name.
 */
service: string, 
/**
 * For whom it is; what was met at a gateway has no name, so the first 8 digits of its block's id stand here.
 */
name: string, 
/**
 * `minted`, `shared` or `met`.
 */
origin: string, 
/**
 * The rid of the grant above it.
 */
parent: string | null, 
/**
 * The epoch of its root secret.
 */
epoch: number, 
/**
 * The key it is bound to by its own block; `None`: whoever has it can use it, unless one above names a holder.
 */
holder: HolderView | null, 
/**
 * What becomes of it now.
 */
state: State, 
/**
 * What it allows, in a sentence.
 */
allows: string, 
/**
 * When it was minted, shared or met.
 */
created: number, 
/**
 * The least expiry of its whole chain.
 */
expires: number | null, 
/**
 * When it was first handed out from here.
 */
shared: number | null, 
/**
 * How it was used.
 */
usage: UsageView, 
/**
 * Its own revocation, or that of the nearest revoked grant above it.
 */
revoked: RevokedView | null, 
/**
 * How many grants stand directly below it.
 */
children: number, };

/**
 * Which page of the tree.
 */
export type GrantsAsk = { 
/**
 * Only those of this service.
 */
service: string | null, 
/**
 * Only those whose name holds this text.
 */
search: string | null, 
/**
 * Only what stands below this grant, by its rid.
 */
under: string | null, 
/**
 * How many minted grants (or matches) to pass over.
 */
offset: number, 
/**
 * How many to list, at most 500.
 */
limit: number, 
/**
 * How many lines below each of them, at most 500.
 */
below: number, };

/**
 * A page of the tree.
 */
export type GrantsPage = { 
/**
 * How many minted grants there are in all (with a search: how many grants match).
 */
total: number, 
/**
 * How many of them come before this page.
 */
offset: number, 
/**
 * How many of them this page shows.
 */
shown: number, 
/**
 * The lines, in the order of the tree.
 */
rows: Array<GrantRow>, };

/**
 * A named set of recipients.
 */
export type GroupView = { 
/**
 * Its name.
 */
name: string, 
/**
 * Who is in it: keys and key cards first.
 */
members: Array<MemberView>, };

/**
 * A holder as this vault knows it.
 */
export type HolderView = { 
/**
 * The name of the key or key card, if there is one.
 */
name: string | null, 
/**
 * The fingerprint of its Noise key.
 */
fingerprint: string, 
/**
 * Whether someone compared the fingerprint with its owner.
 */
verified: boolean, };

/**
 * What a pasted, scanned or opened text holds, before anything is stored.
 */
export type IncomingView = { 
/**
 * `capability`, `key-card` or `service-card`.
 */
kind: string, 
/**
 * What it is, in a sentence.
 */
title: string, 
/**
 * The fingerprint of the key in it: the service's, or the card's.
 */
fingerprint: string, 
/**
 * The name under which this vault knows that key.
 */
known_as: string | null, 
/**
 * What it allows, in a sentence; empty for cards.
 */
allows: string, 
/**
 * The key that a capability is bound to.
 */
holder: HolderView | null, 
/**
 * When a capability expires.
 */
expires: number | null, 
/**
 * The name it would get.
 */
suggested_name: string, 
/**
 * The name under which the same is here already.
 */
duplicate_of: string | null, 
/**
 * What one should know before taking it in.
 */
warnings: Array<string>, };

/**
 * What a sealed file says without being opened. Nothing of it is known to be authentic but what `fits` says.
 */
export type InspectedView = { 
/**
 * The file as it was named; `-` for standard input.
 */
file: string, 
/**
 * Whether it is in armor.
 */
armored: boolean, 
/**
 * Bytes of the header, without armor.
 */
header_bytes: number, 
/**
 * Bytes that are sealed; `None`: the file was cut off or added to.
 */
plaintext_bytes: number | null, 
/**
 * To whom it is sealed, as far as that can be told.
 */
stanzas: Array<StanzaView>, 
/**
 * Whether what opens it was looked for in this vault; `false`: there is none, or it is locked.
 */
looked: boolean, };

export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]: JsonValue } | null;

/**
 * A key of one's own, or the key card of someone else.
 */
export type KeyView = { 
/**
 * Its name in this vault.
 */
name: string, 
/**
 * Whether the private half is here.
 */
own: boolean, 
/**
 * The fingerprint of the Noise key, `ab12-cd34-ef56-7890`.
 */
fingerprint: string, 
/**
 * The fingerprint in full: 64 hex digits in groups of four.
 */
fingerprint_full: string, 
/**
 * The key card's text, `keycap1…`, to give to others.
 */
card: string, 
/**
 * The age recipient, `age1…`.
 */
age_recipient: string, 
/**
 * Whether someone compared the fingerprint with its owner; own keys are verified.
 */
verified: boolean, 
/**
 * A note.
 */
note: string, 
/**
 * When it came into the vault.
 */
created: number, };

/**
 * Whether the system's keyring can be used.
 */
export type Keyring = { 
/**
 * Whether it can.
 */
usable: boolean, 
/**
 * Whether it asks for its password first.
 */
locked: boolean, 
/**
 * Why it cannot be used, and what to do about it.
 */
why: string | null, };

/**
 * How bad a finding is.
 */
export type Level = "ok" | "note" | "warning" | "problem";

/**
 * What a form says. What is empty is not limited.
 */
export type LimitsForm = { 
/**
 * Until when: `12h`, `30d`, `2027-01-31`.
 */
expires: string, 
/**
 * From when on.
 */
not_before: string, 
/**
 * Only with this key: a name, or a card's text.
 */
holder: string, 
/**
 * Only this: a target (`db`), methods and a path (`GET,HEAD /api`), both (`web:GET /api`).
 */
allow: Array<string>, 
/**
 * Each session ends after this long: `30m`, `8h`.
 */
max_session: string, 
/**
 * How often it may be handed on.
 */
max_links: number | null, 
/**
 * How many sessions at a time.
 */
max_concurrent: number | null, };

/**
 * What a line is.
 */
export type LineKind = "gateway" | "connector";

/**
 * A gateway or connector of this window.
 */
export type LineView = { 
/**
 * Its number in this window.
 */
id: number, 
/**
 * What it is.
 */
kind: LineKind, 
/**
 * The service or capability.
 */
name: string, 
/**
 * Where it listens.
 */
listen: string, 
/**
 * Where it leads, if that is for this window to say: upstreams as `NAME=ADDRESS`.
 */
to: Array<string>, 
/**
 * Whether it runs; what has ended stays listed until it is dismissed.
 */
running: boolean, 
/**
 * What happened last, the newest first.
 */
news: Array<News>, };

/**
 * What runs now, here and in other processes.
 */
export type Live = { 
/**
 * Gateways of this vault that have not said that they stopped: one that is not alive may still hold sessions open.
 */
gateways: Array<GatewayView>, 
/**
 * Their sessions, at most 1,000.
 */
sessions: Array<SessionView>, };

/**
 * Which rows.
 */
export type LogAsk = { 
/**
 * Only this action, such as `grant.revoke`; empty: all.
 */
action: string, 
/**
 * Only what was done to this; empty: to anything.
 */
target: string, 
/**
 * Only since then: `7d`, `2027-01-31`; empty: ever.
 */
since: string, 
/**
 * How many of the newest to pass over.
 */
offset: number, 
/**
 * How many to list, at most 500.
 */
limit: number, };

/**
 * Where the log is not as keycap wrote it.
 */
export type LogFaultView = { 
/**
 * The row's number; `None` if no single row is at fault.
 */
seq: number | null, 
/**
 * What is wrong with it.
 */
what: string, };

/**
 * Where the log ends.
 */
export type LogHeadView = { 
/**
 * The number of the last row.
 */
seq: number, 
/**
 * Its MAC.
 */
mac: string, };

/**
 * Some rows of the log, and how many there are in all.
 */
export type LogPage = { 
/**
 * How many rows the filter lets through.
 */
total: number, 
/**
 * The rows, the newest first.
 */
rows: Array<LogRow>, };

/**
 * One thing that was done to the vault, or at its gateways.
 */
export type LogRow = { 
/**
 * Its number, from 1, without gaps.
 */
seq: number, 
/**
 * When it was done.
 */
time: number, 
/**
 * What was done, such as `grant.revoke`.
 */
action: string, 
/**
 * To what.
 */
target: string, 
/**
 * With what result.
 */
result: string, 
/**
 * More about it; never a secret.
 */
detail: JsonValue, };

/**
 * Whether the log is as keycap wrote it.
 */
export type LogVerification = { 
/**
 * How many rows there are.
 */
rows: number, 
/**
 * Whether all of them are there, in order, as they were written.
 */
intact: boolean, 
/**
 * The first thing that is wrong.
 */
first_fault: LogFaultView | null, 
/**
 * The number and MAC of the last row, 64 hex digits: kept elsewhere, they show later whether the log was put back to an older state.
 */
head: LogHeadView | null, };

/**
 * Somebody in a group.
 */
export type MemberView = { 
/**
 * The name of the key or card, or the recipient as it is written out; `None`: the card is not in this vault any more.
 */
name: string | null, 
/**
 * The key's fingerprint; `None`: it is written out.
 */
fingerprint: string | null, 
/**
 * Whether it is a key of one's own, or a card whose fingerprint was compared with its owner.
 */
verified: boolean, };

/**
 * What was mended, and what is left.
 */
export type MendView = { 
/**
 * What was done, in sentences.
 */
done: Array<string>, 
/**
 * What is found now.
 */
findings: Array<DoctorFinding>, };

/**
 * What a form says.
 */
export type MintForm = { 
/**
 * The service.
 */
service: string, 
/**
 * For whom: the grant's name.
 */
name: string, 
/**
 * The preset that fills in what the limits leave open.
 */
preset: string | null, 
/**
 * The limits.
 */
limits: LimitsForm, };

/**
 * What would be minted.
 */
export type MintPreview = { 
/**
 * What it allows, in a sentence.
 */
sentence: string, 
/**
 * What the operator should know before it exists.
 */
warnings: Array<string>, 
/**
 * When it expires.
 */
expires: number, 
/**
 * To whom it is bound.
 */
holder: HolderView | null, 
/**
 * The command line that mints the same.
 */
command: string, };

/**
 * How something should be taken.
 */
export type Mood = "good" | "plain" | "bad";

/**
 * Where a new vault keeps its secrets.
 */
export type NewPlace = "keyring" | "passphrase";

/**
 * Something that happened at a line.
 */
export type News = { 
/**
 * When.
 */
at: number, 
/**
 * How it should be taken.
 */
mood: Mood, 
/**
 * What, in a sentence.
 */
text: string, };

/**
 * A backup that was opened, and what it would change.
 */
export type OpenedBackup = { 
/**
 * Names it until it is restored or the vault is closed.
 */
handle: string, 
/**
 * The file.
 */
file: string, 
/**
 * What it would change.
 */
diff: RestoreDiff, };

/**
 * The grant with which something was sealed.
 */
export type OpenedGrant = { 
/**
 * The revocation id of the capability's last block, 32 hex digits.
 */
rid: string, 
/**
 * The name of the grant, or of the nearest above it that this vault knows.
 */
name: string | null, };

/**
 * What the vault says of a sealed file that it opens.
 */
export type OpenedView = { 
/**
 * The stanza of the header that opened: `X25519`, `keycap1-N` and so on.
 */
stanza: string, 
/**
 * `key` or `service`: what of this vault opened it.
 */
opened_with: string, 
/**
 * The name of that key or service.
 */
name: string, 
/**
 * Who sealed it, where that is proven and the file has no other recipient.
 */
sender: HolderView | null, 
/**
 * The grant with which it was sealed, if it was sealed to a service's capability.
 */
grant: OpenedGrant | null, 
/**
 * Whether that capability allowed it, now and alone; `None`: it was sealed to a key.
 */
authorised: boolean | null, 
/**
 * All of it in a sentence.
 */
sentence: string, 
/**
 * What to know besides: why a sender is not shown, why it is not authorised.
 */
notes: Array<string>, };

/**
 * What wants attention, and what runs.
 */
export type Overview = { 
/**
 * The vault.
 */
status: VaultStatus, 
/**
 * Grants that work or will work, and expire within seven days, the next one first; at most 100.
 */
expiring: Array<GrantView>, 
/**
 * Revocations, among the last 50, that a gateway has not applied yet; the newest first.
 */
pending: Array<RevokeReceipt>, 
/**
 * Key cards that nobody compared with their owner.
 */
unverified: Array<KeyView>, 
/**
 * What runs.
 */
live: Live, 
/**
 * When the vault was last backed up.
 */
last_backup: number | null, };

/**
 * A named set of limits.
 */
export type PresetView = { 
/**
 * Its name on the command line.
 */
name: string, 
/**
 * What a menu shows.
 */
label: string, 
/**
 * What it allows.
 */
description: string, };

/**
 * One gateway's part in a receipt.
 */
export type ReceiptLine = { 
/**
 * The gateway.
 */
gateway: GatewayView, 
/**
 * When it applied the revocation; `None`: not yet.
 */
applied: number | null, 
/**
 * How many live sessions it cut.
 */
sessions_cut: number, };

/**
 * To whom a file is sealed.
 */
export type RecipientView = { 
/**
 * `key`, `capability`, `age`, `ssh` or `passphrase`.
 */
kind: string, 
/**
 * Its name in this vault, or the recipient as it was written out.
 */
name: string, 
/**
 * Which of keycap's stanzas it gets; `None`: one of age's.
 */
stanza: string | null, 
/**
 * Whether it is the one who seals.
 */
me: boolean, };

/**
 * Where secrets are to rest, as a form says it.
 */
export type RestForm = { "kind": "keyring" } | { "kind": "passphrase" } | { "kind": "keyring-key" } | { "kind": "recipients", 
/**
 * `age1…`, those of plugins included; SSH public keys.
 */
recipients: Array<string>, } | { "kind": "new-key-file" } | { "kind": "key-file" } | { "kind": "credential" };

/**
 * What restoring a backup would change, or has changed.
 */
export type RestoreDiff = { 
/**
 * The id of the vault that the backup was made of.
 */
vault: string, 
/**
 * When it was made.
 */
made: number, 
/**
 * What the backup has and the vault does not.
 */
add: Array<DiffLine>, 
/**
 * Where the backup won against what the vault had; empty in a preview.
 */
replaced: Array<DiffLine>, 
/**
 * What both have.
 */
keep: Array<DiffLine>, 
/**
 * Where the two contradict each other, and the vault stays as it is unless it is told otherwise.
 */
conflict: Array<DiffLine>, 
/**
 * What stays out of the vault, in sentences.
 */
left_out: Array<string>, };

/**
 * What a revocation would end.
 */
export type RevokePreview = { 
/**
 * What would be revoked.
 */
target: GrantView, 
/**
 * It and what dies with it, in the order of the tree; at most [`RevokePreview::SHOWN`].
 */
dies: Array<GrantRow>, 
/**
 * How many die in all.
 */
dies_total: number, 
/**
 * Sessions that would be cut.
 */
live_sessions: Array<SessionView>, 
/**
 * Gateways that would have to apply it.
 */
gateways: Array<GatewayView>, 
/**
 * What a revocation does not undo.
 */
not_undone: Array<string>, };

/**
 * What a revocation ended.
 */
export type RevokeReceipt = { 
/**
 * What was revoked.
 */
grant: GrantView, 
/**
 * When.
 */
at: number, 
/**
 * How many grants are refused from now on: it and those below it.
 */
refused: number, 
/**
 * Which gateways of the service have applied it.
 */
gateways: Array<ReceiptLine>, 
/**
 * How many gateways that run have not yet.
 */
pending: number, };

/**
 * A revocation.
 */
export type RevokedView = { 
/**
 * When.
 */
at: number, 
/**
 * Why: `leaked`, `left`, `superseded`, `test`, `other`, or `epoch` if everything of its epoch was.
 */
reason: string, 
/**
 * A note.
 */
note: string, 
/**
 * The rid of the grant that was revoked, if it is one above.
 */
by: string | null, };

/**
 * A picture of the tree that was saved.
 */
export type SavedPicture = { 
/**
 * The file.
 */
file: string, 
/**
 * How many grants are in it.
 */
grants: number, };

/**
 * How files are to be sealed.
 */
export type SealForm = { 
/**
 * The files.
 */
handle: string, 
/**
 * To whom: `key:NAME`, `group:NAME`, `cap:NAME`, `age1…`. Empty: under a passphrase, which is asked for outside the page.
 */
recipients: Array<string>, 
/**
 * The key that shows who sealed it; empty: none.
 */
from: string, 
/**
 * Whether one's own oldest key can open it too.
 */
with_self: boolean, 
/**
 * As text that can be pasted and mailed.
 */
armor: boolean, 
/**
 * Everything as one file; otherwise each file and each folder by itself.
 */
together: boolean, 
/**
 * Into a folder that is asked for; otherwise beside the files.
 */
elsewhere: boolean, };

/**
 * A service.
 */
export type ServiceView = { 
/**
 * Its name in this vault.
 */
name: string, 
/**
 * The fingerprint of its public key.
 */
fingerprint: string, 
/**
 * The fingerprint in full.
 */
fingerprint_full: string, 
/**
 * The label under which DNS may give its address.
 */
dns_label: string, 
/**
 * The service card's text, `keycap-service1…`.
 */
card: string, 
/**
 * Whether it can be served and minted for from here.
 */
can_serve: boolean, 
/**
 * Its realm, if it has one.
 */
realm: string | null, 
/**
 * The epoch in which it mints.
 */
epoch: number, 
/**
 * Grants of earlier epochs than this are revoked.
 */
min_epoch: number, 
/**
 * Where it may be found.
 */
hints: Array<string>, 
/**
 * What was granted.
 */
grants: GrantCounts, 
/**
 * A note.
 */
note: string, 
/**
 * When it came into the vault.
 */
created: number, };

/**
 * A session at a gateway.
 */
export type SessionView = { 
/**
 * The gateway's number.
 */
gateway: number, 
/**
 * The session's number at that gateway.
 */
id: number, 
/**
 * The name of the grant, or of the nearest one above it that has a name.
 */
grant: string | null, 
/**
 * The rid of the last block of its chain.
 */
rid: string, 
/**
 * The fingerprint or name of the holder, if one has proven itself.
 */
holder: string | null, 
/**
 * The peer's address.
 */
from: string, 
/**
 * The Noise pattern.
 */
pattern: string, 
/**
 * The suite.
 */
suite: string, 
/**
 * When it began.
 */
opened: number, 
/**
 * Streams opened so far.
 */
streams: number, 
/**
 * The target of the last stream.
 */
target: string | null, };

/**
 * Something that was shared.
 */
export type Shared = { 
/**
 * What it is.
 */
what: SharedView, 
/**
 * The code on the screen: a handle, from which the window draws a picture that scripts cannot read.
 */
code: string | null, 
/**
 * Seconds for which the code, or the text on the clipboard, stays; `None`: it is no secret and stays.
 */
seconds: number | null, 
/**
 * The file that was written.
 */
file: string | null, };

/**
 * What is being shared. The text itself is not in here.
 */
export type SharedView = { 
/**
 * `capability`, `key-card` or `service-card`.
 */
kind: string, 
/**
 * Its name.
 */
name: string, 
/**
 * What whoever receives it can do, in a sentence.
 */
sentence: string, 
/**
 * Whether the text is secret.
 */
secret: boolean, 
/**
 * Whether a link was added, so that this share can be revoked without those before.
 */
reissued: boolean, 
/**
 * The revocation id of a share of a grant.
 */
rid: string | null, };

/**
 * One stanza of a header.
 */
export type StanzaView = { 
/**
 * Its type: `X25519`, `scrypt`, `ssh-ed25519`, `keycap1-X` and so on.
 */
kind: string, 
/**
 * What that is, in words.
 */
meaning: string, 
/**
 * How many arguments it has.
 */
arguments: number, 
/**
 * Bytes of its body.
 */
body_bytes: number, 
/**
 * With what of this vault it opens, who sealed it, and with which grant.
 */
fits: OpenedView | null, 
/**
 * What is wrong with it, where it is for this vault and malformed or forged.
 */
fault: string | null, };

/**
 * What the window has to know before it shows anything.
 */
export type Start = { 
/**
 * The program's version.
 */
version: string, 
/**
 * The vault's folder.
 */
folder: string, 
/**
 * Whether there is a vault.
 */
has_vault: boolean, 
/**
 * Why it is closed.
 */
closed: Closed | null, 
/**
 * What unlocks it, if a person has to give it.
 */
wanted: Wanted | null, 
/**
 * The system's keyring; asked for only where there is no vault yet.
 */
keyring: Keyring | null, 
/**
 * Whether something came from outside and waits.
 */
clipboard_left_s: number, };

/**
 * What becomes of a grant when it is used now.
 */
export type State = "active" | "soon" | "not-yet" | "expired" | "revoked";

/**
 * What a task does.
 */
export type TaskKind = "seal" | "open" | "reseal";

/**
 * A task of this window.
 */
export type TaskView = { 
/**
 * Its number in this window.
 */
id: number, 
/**
 * What it does.
 */
kind: TaskKind, 
/**
 * Its files, in a few words.
 */
what: string, 
/**
 * Bytes done so far.
 */
bytes: number, 
/**
 * Bytes in all, where that is known.
 */
of: number | null, 
/**
 * Milliseconds for which it ran.
 */
ms: number, 
/**
 * Whether it was told to stop.
 */
stopped: boolean, 
/**
 * What became of it; `None`: it runs.
 */
result: FilesView | null, };

/**
 * Why something was not done: nothing of it has happened.
 */
export type UiError = { 
/**
 * A stable name, in kebab-case.
 */
code: string, 
/**
 * What went wrong, in a sentence.
 */
message: string, 
/**
 * What to do next.
 */
hint: string | null, };

/**
 * Something that could not be read.
 */
export type Unread = { 
/**
 * Where it comes from.
 */
source: string, 
/**
 * Why.
 */
why: UiError, };

/**
 * How a grant was used, as the gateways of this vault have seen it.
 */
export type UsageView = { 
/**
 * The first session.
 */
first: number | null, 
/**
 * The last session.
 */
last: number | null, 
/**
 * The address of the last session.
 */
from: string | null, 
/**
 * Sessions in all.
 */
uses: number, };

/**
 * The vault as a whole.
 */
export type VaultStatus = { 
/**
 * The vault's folder.
 */
folder: string, 
/**
 * Where secrets rest, in a few words.
 */
protection: string, 
/**
 * The same in a sentence.
 */
protection_text: string, 
/**
 * Whether the vault was locked for all processes.
 */
locked: boolean, 
/**
 * Whether this process gets at the secrets.
 */
unlocked: boolean, 
/**
 * Keys of one's own.
 */
keys: number, 
/**
 * Key cards of others.
 */
cards: number, 
/**
 * Services, served here or known by their card.
 */
services: number, 
/**
 * Grants, revoked and expired ones included.
 */
grants: number, 
/**
 * Capabilities held.
 */
capabilities: number, };

/**
 * What a person has to give before a vault is unlocked.
 */
export type Wanted = "passphrase" | "identity";

/**
 * What is to be chosen.
 */
export type What = "files" | "folder";

/**
 * Why a grant is revoked.
 */
export type Why = "leaked" | "left" | "superseded" | "test" | "other";

/**
 * What would be tried. What is empty is what is usual.
 */
export type WouldForm = { 
/**
 * The request: a target (`db`), or a method and a path (`GET /x`).
 */
request: string, 
/**
 * When.
 */
at: string, 
/**
 * With which key.
 */
from: string, };

/** Every action of the registry, in its order. */
export const actionIds = [
    "tour",
    "key.new",
    "key.list",
    "key.show",
    "key.verify",
    "key.rename",
    "key.remove",
    "key.export",
    "key.import",
    "group.new",
    "group.list",
    "group.show",
    "group.add",
    "group.remove",
    "service.new",
    "service.list",
    "service.show",
    "service.rename",
    "service.hints",
    "service.remove",
    "service.export",
    "service.import",
    "service.rotate",
    "mint",
    "grants",
    "revoke",
    "add",
    "caps",
    "caps.show",
    "caps.rename",
    "caps.gateway",
    "caps.remove",
    "delegate",
    "share",
    "explain",
    "record.seal",
    "record.open",
    "serve",
    "connect",
    "run",
    "seal",
    "open",
    "inspect",
    "reseal",
    "log",
    "vault.status",
    "vault.init",
    "vault.lock",
    "vault.unlock",
    "vault.backup",
    "vault.restore",
    "vault.passwd",
    "vault.convert",
    "doctor",
    "completions",
    "man",
] as const;
export type ActionId = (typeof actionIds)[number];

/** Everything that the window can ask for. */
export const host = {
    start: (): Promise<Start> => invoke("start"),
    actions: (): Promise<Array<ActionView>> => invoke("actions"),
    touch: (): Promise<void> => invoke("touch"),
    idle_after: (minutes: number): Promise<void> => invoke("idle_after", { minutes }),
    notify: (on: boolean): Promise<void> => invoke("notify", { on }),
    zoom: (percent: number): Promise<void> => invoke("zoom", { percent }),
    create_vault: (place: NewPlace): Promise<VaultStatus> => invoke("create_vault", { place }),
    status: (): Promise<VaultStatus> => invoke("status"),
    lock: (): Promise<void> => invoke("lock"),
    unlock: (): Promise<void> => invoke("unlock"),
    overview: (): Promise<Overview> => invoke("overview"),
    live: (service: string | null): Promise<Live> => invoke("live", { service }),
    keys: (): Promise<Array<KeyView>> => invoke("keys"),
    key_new: (name: string, note: string): Promise<KeyView> => invoke("key_new", { name, note }),
    key_rename: (name: string, to: string): Promise<KeyView> => invoke("key_rename", { name, to }),
    key_verify: (name: string, verified: boolean): Promise<KeyView> => invoke("key_verify", { name, verified }),
    key_remove: (name: string, fingerprint: string, typed: string): Promise<void> => invoke("key_remove", { name, fingerprint, typed }),
    services: (): Promise<Array<ServiceView>> => invoke("services"),
    service_new: (name: string, hints: Array<string>, note: string): Promise<ServiceView> => invoke("service_new", { name, hints, note }),
    service_rename: (name: string, to: string): Promise<ServiceView> => invoke("service_rename", { name, to }),
    service_hints: (name: string, hints: Array<string>): Promise<ServiceView> => invoke("service_hints", { name, hints }),
    service_remove: (name: string, fingerprint: string, typed: string): Promise<void> => invoke("service_remove", { name, fingerprint, typed }),
    service_rotate: (name: string, earlier: Earlier, typed: string): Promise<ServiceView> => invoke("service_rotate", { name, earlier, typed }),
    grants: (ask: GrantsAsk): Promise<GrantsPage> => invoke("grants", { ask }),
    grant: (rid: string): Promise<GrantView> => invoke("grant", { rid }),
    grants_picture: (service: string | null, under: string | null): Promise<SavedPicture> => invoke("grants_picture", { service, under }),
    presets: (): Promise<Array<PresetView>> => invoke("presets"),
    mint_preview: (form: MintForm): Promise<MintPreview> => invoke("mint_preview", { form }),
    mint: (form: MintForm): Promise<GrantView> => invoke("mint", { form }),
    capabilities: (): Promise<Array<CapabilityView>> => invoke("capabilities"),
    capability_rename: (name: string, to: string): Promise<CapabilityView> => invoke("capability_rename", { name, to }),
    capability_gateway: (name: string, gateway: string | null): Promise<CapabilityView> => invoke("capability_gateway", { name, gateway }),
    capability_remove: (name: string, last_block: string): Promise<void> => invoke("capability_remove", { name, last_block }),
    delegate_preview: (form: DelegateForm): Promise<DelegatePreview> => invoke("delegate_preview", { form }),
    delegate: (form: DelegateForm): Promise<CapabilityView> => invoke("delegate", { form }),
    explain: (name: string, would: WouldForm): Promise<ExplainView> => invoke("explain", { name, would }),
    share_code: (target: string, name: string | null): Promise<Shared> => invoke("share_code", { target, name }),
    share_hide: (code: string): Promise<void> => invoke("share_hide", { code }),
    share_copy: (target: string, name: string | null): Promise<Shared> => invoke("share_copy", { target, name }),
    share_picture: (target: string, name: string | null): Promise<Shared> => invoke("share_picture", { target, name }),
    share_page: (target: string, name: string | null): Promise<Shared> => invoke("share_page", { target, name }),
    share_card: (target: string): Promise<Shared> => invoke("share_card", { target }),
    share_sealed: (target: string, name: string | null, recipients: Array<string>): Promise<Shared> => invoke("share_sealed", { target, name, recipients }),
    clipboard_clear: (): Promise<boolean> => invoke("clipboard_clear"),
    import_choose: (): Promise<Finds> => invoke("import_choose"),
    arrivals: (): Promise<Arrivals> => invoke("arrivals"),
    import_paste: (): Promise<Finds> => invoke("import_paste"),
    import_screen: (): Promise<Finds> => invoke("import_screen"),
    import_accept: (handle: string, name: string, gateway: string | null, replace: boolean): Promise<AddedView> => invoke("import_accept", { handle, name, gateway, replace }),
    import_discard: (handle: string): Promise<void> => invoke("import_discard", { handle }),
    revoke_preview: (rid: string): Promise<RevokePreview> => invoke("revoke_preview", { rid }),
    revoke: (rid: string, typed: string, why: Why, note: string): Promise<RevokeReceipt> => invoke("revoke", { rid, typed, why, note }),
    receipt: (rid: string): Promise<RevokeReceipt> => invoke("receipt", { rid }),
    log: (ask: LogAsk): Promise<LogPage> => invoke("log", { ask }),
    log_verify: (): Promise<LogVerification> => invoke("log_verify"),
    log_export: (ask: LogAsk): Promise<number> => invoke("log_export", { ask }),
    lines: (): Promise<Array<LineView>> => invoke("lines"),
    line_stop: (id: number): Promise<void> => invoke("line_stop", { id }),
    connect: (capability: string, listen: string, target: string | null): Promise<number> => invoke("connect", { capability, listen, target }),
    serve: (service: string, listen: string, to: Array<string>): Promise<number> => invoke("serve", { service, listen, to }),
    files_choose: (what: What): Promise<Chosen> => invoke("files_choose", { what }),
    files_discard: (handle: string): Promise<void> => invoke("files_discard", { handle }),
    files_look: (handle: string): Promise<Array<InspectedView>> => invoke("files_look", { handle }),
    files_seal: (form: SealForm): Promise<number> => invoke("files_seal", { form }),
    files_open: (handle: string, lapsed: boolean, elsewhere: boolean): Promise<number> => invoke("files_open", { handle, lapsed, elsewhere }),
    files_reseal: (handle: string, recipients: Array<string>, with_self: boolean): Promise<number> => invoke("files_reseal", { handle, recipients, with_self }),
    groups: (): Promise<Array<GroupView>> => invoke("groups"),
    group_new: (name: string, members: Array<string>): Promise<GroupView> => invoke("group_new", { name, members }),
    group_add: (name: string, members: Array<string>): Promise<GroupView> => invoke("group_add", { name, members }),
    group_take_out: (name: string, members: Array<string>): Promise<GroupView> => invoke("group_take_out", { name, members }),
    group_remove: (name: string): Promise<void> => invoke("group_remove", { name }),
    tasks: (): Promise<Array<TaskView>> => invoke("tasks"),
    task_stop: (id: number): Promise<void> => invoke("task_stop", { id }),
    export_sealed: (what: Exchanged, name: string, typed: string, recipients: Array<string>): Promise<string> => invoke("export_sealed", { what, name, typed, recipients }),
    import_sealed: (what: Exchanged, name: string): Promise<string> => invoke("import_sealed", { what, name }),
    change_unlocking: (to: RestForm): Promise<VaultStatus> => invoke("change_unlocking", { to }),
    convert: (to: RestForm): Promise<VaultStatus> => invoke("convert", { to }),
    backup: (recipients: Array<string>): Promise<BackedUp> => invoke("backup", { recipients }),
    restore_choose: (): Promise<OpenedBackup> => invoke("restore_choose"),
    restore: (handle: string, replace: Array<string>, typed: string): Promise<RestoreDiff> => invoke("restore", { handle, replace, typed }),
    doctor: (): Promise<Array<DoctorFinding>> => invoke("doctor"),
    mend: (): Promise<MendView> => invoke("mend"),
};
