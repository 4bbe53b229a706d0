//! The sealed form of a value, version 1:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | format version, `0x01` |
//! | 12 | nonce, random |
//! | 32 | commitment to the key |
//! | n + 16 | AES-256-GCM ciphertext and tag |
//!
//! From the parent key, HKDF-SHA-256 with the [`Context`] as its info yields 64 bytes: the encryption key, and the
//! commitment. The commitment is compared, in constant time, before anything is decrypted: GCM alone lets one
//! ciphertext open under two keys. The authenticated data is the version, the commitment and the context.

use zeroize::Zeroizing;

use super::{Context, VaultError, cipher};

const VERSION: u8 = 1;
const COMMITMENT_LEN: usize = 32;

/// How many bytes an envelope adds to what it seals.
pub const OVERHEAD: usize = 1 + cipher::NONCE_LEN + COMMITMENT_LEN + 16;

/// Seals `plaintext` where `context` says.
pub(super) fn seal(
    parent: &cipher::Key,
    context: &Context,
    plaintext: &[u8],
) -> Result<Vec<u8>, VaultError> {
    seal_with(parent, context, plaintext, cipher::random()?)
}

fn seal_with(
    parent: &cipher::Key,
    context: &Context,
    plaintext: &[u8],
    nonce: [u8; cipher::NONCE_LEN],
) -> Result<Vec<u8>, VaultError> {
    let (key, commitment) = cipher::derive_pair(parent, context.as_bytes())?;
    let mut buffer = plaintext.to_vec();
    cipher::encrypt(&key, nonce, &authenticated(&commitment, context), &mut buffer)?;
    Ok([&[VERSION], nonce.as_slice(), commitment.as_slice(), &buffer].concat())
}

/// Opens what [`seal`] sealed in the same place.
pub(super) fn open(
    parent: &cipher::Key,
    context: &Context,
    envelope: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (version, rest) = envelope.split_first().ok_or(VaultError::Integrity)?;
    let (nonce, rest) = rest.split_first_chunk().ok_or(VaultError::Integrity)?;
    let (claimed, ciphertext) =
        rest.split_first_chunk::<COMMITMENT_LEN>().ok_or(VaultError::Integrity)?;
    if *version != VERSION {
        return Err(VaultError::Integrity);
    }
    let (key, commitment) = cipher::derive_pair(parent, context.as_bytes())?;
    if !cipher::constant_time_eq(claimed, &commitment) {
        return Err(VaultError::Integrity);
    }
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    cipher::decrypt(&key, *nonce, &authenticated(&commitment, context), &mut buffer)?;
    Ok(buffer)
}

fn authenticated(commitment: &[u8; COMMITMENT_LEN], context: &Context) -> Vec<u8> {
    [&[VERSION], commitment.as_slice(), context.as_bytes()].concat()
}

#[cfg(test)]
mod tests;
