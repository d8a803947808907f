//! Texts encrypted under a passphrase: JSON Web Encryption in its compact form (RFC 7516), as the
//! file back end of `99designs/keyring` writes it, with PBES2-HS256+A128KW (RFC 7518, section 4.8)
//! and A256GCM.

use std::num::NonZeroU32;

use aes_kw::{KeyInit, KwAes128};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::pbkdf2;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::system::base64url;

const KEY_ALGORITHM: &str = "PBES2-HS256+A128KW";
const CONTENT_ALGORITHM: &str = "A256GCM";
/// Bounds the time that one passphrase takes: the library writes 8192, which a millisecond is enough
/// for.
const MAX_ROUNDS: u32 = 1_000_000;
const MAX_SALT_BYTES: usize = 1024;
const CONTENT_KEY_BYTES: usize = 32;
/// What the key wrap adds.
const WRAP_BYTES: usize = 8;

/// Why a text was not decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JweError {
    /// The passphrase is another one.
    WrongPassphrase,
    /// The passphrase is right, and the text was changed.
    Damaged,
}

/// What the header says.
#[derive(Deserialize)]
struct Header {
    alg: String,
    enc: String,
    zip: Option<String>,
    /// The rounds of PBKDF2.
    p2c: u32,
    /// The salt of PBKDF2.
    p2s: String,
}

/// An encrypted text.
pub struct Jwe<'a> {
    /// The header as it is written, which is authenticated with the content.
    header: &'a str,
    rounds: NonZeroU32,
    salt: Vec<u8>,
    wrapped_key: [u8; CONTENT_KEY_BYTES + WRAP_BYTES],
    nonce: [u8; NONCE_LEN],
    /// The content, and its tag behind it.
    sealed: Zeroizing<Vec<u8>>,
}

impl<'a> Jwe<'a> {
    /// Reads an encrypted text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text.trim_end().split('.').collect();
        let [header, key, nonce, content, tag] = parts[..] else {
            return Err("it is not five parts with dots between");
        };
        let bytes = |part| base64url::decode(part).ok_or("a part of it is not base64");
        let said: Header = serde_json::from_slice(&bytes(header)?)
            .map_err(|_| "its header does not say how it is encrypted")?;
        if said.alg != KEY_ALGORITHM || said.enc != CONTENT_ALGORITHM || said.zip.is_some() {
            return Err("it is encrypted in another way");
        }
        let rounds = NonZeroU32::new(said.p2c).filter(|rounds| rounds.get() <= MAX_ROUNDS);
        let salt = bytes(&said.p2s)?;
        if salt.len() > MAX_SALT_BYTES {
            return Err("its salt is too long");
        }
        let mut sealed = bytes(content)?;
        let tag = bytes(tag)?;
        if tag.len() != AES_256_GCM.tag_len() {
            return Err("its tag has another length");
        }
        sealed.extend_from_slice(&tag);
        Ok(Self {
            header,
            rounds: rounds.ok_or("its number of rounds is out of bounds")?,
            salt: [KEY_ALGORITHM.as_bytes(), &[0], &salt].concat(),
            wrapped_key: fixed(&bytes(key)?).ok_or("its key has another length")?,
            nonce: fixed(&bytes(nonce)?).ok_or("its nonce has another length")?,
            sealed,
        })
    }

    /// Decrypts it. Takes as long as its rounds, of which there are a million at most.
    ///
    /// # Errors
    /// Where the passphrase is not the one, or the text was changed.
    pub fn open(&self, passphrase: &SecretString) -> Result<Zeroizing<Vec<u8>>, JweError> {
        let passphrase = passphrase.expose_secret().as_bytes();
        let mut wrapping_key = Zeroizing::new([0; 16]);
        let prf = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(prf, self.rounds, &self.salt, passphrase, wrapping_key.as_mut());
        let mut key = Zeroizing::new([0; CONTENT_KEY_BYTES]);
        KwAes128::new((&*wrapping_key).into())
            .unwrap_key(&self.wrapped_key, key.as_mut())
            .map_err(|_| JweError::WrongPassphrase)?;
        let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| JweError::Damaged)?;
        let mut content = self.sealed.clone();
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let length = LessSafeKey::new(key)
            .open_in_place(nonce, Aad::from(self.header.as_bytes()), &mut content)
            .map_err(|_| JweError::Damaged)?
            .len();
        content.truncate(length);
        Ok(content)
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests;
