// Checks receipts of this package with npm's @sigstore/verify alone: its checkpoint and Merkle inclusion checks, with our key as the log's.
//
//     node sigstore.js MODULES < cases.jsonl     one line for each case: true where it is accepted
'use strict';
const crypto = require('node:crypto');
const path = require('node:path');
const fs = require('node:fs');

const verify = path.join(process.argv[2], '@sigstore', 'verify', 'dist', 'tlog');
const { verifyCheckpoint } = require(path.join(verify, 'checkpoint.js'));
const { verifyMerkleInclusion } = require(path.join(verify, 'merkle.js'));
const { VerificationError } = require(path.join(verify, '..', 'error.js'));

const DER = Buffer.from('302a300506032b6570032100', 'hex'); // RFC 8410: what stands before an Ed25519 public key

function accepted(one) {
  const entry = {
    canonicalizedBody: Buffer.from(one.record, 'base64'),
    inclusionProof: {
      logIndex: String(one.index),
      hashes: one.proof.map((hash) => Buffer.from(hash, 'base64')),
      checkpoint: { envelope: one.checkpoint },
    },
  };
  const key = Buffer.concat([DER, Buffer.from(one.public, 'hex')]);
  const log = {
    logID: Buffer.from(one.id, 'hex'),
    baseURL: one.name,
    publicKey: crypto.createPublicKey({ key, format: 'der', type: 'spki' }),
  };
  try {
    verifyMerkleInclusion(entry, verifyCheckpoint(entry, [log]));
  } catch (error) {
    if (error instanceof VerificationError) return false;
    throw error; // a bug of this program is no refusal
  }
  return true;
}

for (const line of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) console.log(accepted(JSON.parse(line)));
