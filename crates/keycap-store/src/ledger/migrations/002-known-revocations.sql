-- The newest revocation that a gateway found in the ledger when it started: of it, and of those before it, it owes no receipt.
ALTER TABLE gateway ADD COLUMN known INTEGER NOT NULL DEFAULT 0;
