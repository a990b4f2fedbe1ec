//! AES-256-CBC as Sprig's `encryptAES` and `decryptAES` use it: the password, cut or filled with zeros, is the key; the
//! initialisation vector stands before the text; padding as in PKCS #7.
//!
//! This is here to show the text that Helm would show, not to keep secrets: it makes no attempt at constant time, and
//! the vector is zero, so that a render does not change from run to run.

use data_encoding::BASE64;

use crate::CallError;

use super::args::panic;
use super::encoding::decode_base64;

const BLOCK: usize = 16;
const ROUNDS: usize = 14;

type Block = [u8; BLOCK];

/// `encryptAES`, with a zero vector.
pub(super) fn encrypt(password: &[u8], text: &[u8]) -> String {
    if text.is_empty() {
        return String::new();
    }
    let keys = expand(password);
    let mut padded = text.to_vec();
    let padding = BLOCK - text.len() % BLOCK;
    padded.resize(text.len() + padding, padding as u8);
    let mut out = vec![0; BLOCK];
    let mut previous: Block = [0; BLOCK];
    for chunk in padded.as_chunks::<BLOCK>().0 {
        previous = encrypt_block(xor(*chunk, previous), &keys);
        out.extend_from_slice(&previous);
    }
    BASE64.encode(&out)
}

/// `decryptAES`.
pub(super) fn decrypt(password: &[u8], text: &[u8]) -> Result<Vec<u8>, CallError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = decode_base64(text)?;
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let Some((vector, blocks)) = blocks.split_first() else {
        let capacity = text.len() / 4 * 3;
        return Err(panic(format!("slice bounds out of range [:{BLOCK}] with capacity {capacity}")));
    };
    if !rest.is_empty() {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let keys = expand(password);
    let mut previous = *vector;
    let mut out = Vec::with_capacity(blocks.len() * BLOCK);
    for block in blocks {
        out.extend_from_slice(&xor(decrypt_block(*block, &keys), previous));
        previous = *block;
    }
    let Some(padding) = out.last().copied() else {
        return Err(panic("index out of range [-1]"));
    };
    let kept = out.len().checked_sub(padding.into());
    let kept =
        kept.ok_or_else(|| panic(format!("slice bounds out of range [:{}]", out.len() as i64 - i64::from(padding))))?;
    out.truncate(kept);
    Ok(out)
}

/// The round keys.
fn expand(password: &[u8]) -> [Block; ROUNDS + 1] {
    let mut key = [0; 32];
    let used = password.len().min(key.len());
    key[..used].copy_from_slice(&password[..used]);
    let mut words = [[0u8; 4]; 4 * (ROUNDS + 1)];
    words[..8].copy_from_slice(key.as_chunks::<4>().0);
    let mut constant = 1;
    for at in 8..words.len() {
        let mut word = words[at - 1];
        if at % 8 == 0 {
            word.rotate_left(1);
            word = word.map(|byte| SUBSTITUTE[usize::from(byte)]);
            word[0] ^= constant;
            constant = double(constant);
        } else if at % 8 == 4 {
            word = word.map(|byte| SUBSTITUTE[usize::from(byte)]);
        }
        for (byte, before) in word.iter_mut().zip(words[at - 8]) {
            *byte ^= before;
        }
        words[at] = word;
    }
    std::array::from_fn(|round| std::array::from_fn(|at| words[4 * round + at / 4][at % 4]))
}

fn encrypt_block(block: Block, keys: &[Block; ROUNDS + 1]) -> Block {
    let mut state = xor(block, keys[0]);
    for (round, key) in keys.iter().enumerate().skip(1) {
        let moved: Block = std::array::from_fn(|at| SUBSTITUTE[usize::from(state[(at + 4 * (at % 4)) % BLOCK])]);
        state = xor(if round == ROUNDS { moved } else { mix(moved, [2, 3, 1, 1]) }, *key);
    }
    state
}

fn decrypt_block(block: Block, keys: &[Block; ROUNDS + 1]) -> Block {
    let mut state = xor(block, keys[ROUNDS]);
    for (round, key) in keys.iter().enumerate().rev().skip(1) {
        let moved: Block = std::array::from_fn(|at| RESTORE[usize::from(state[(at + 12 * (at % 4)) % BLOCK])]);
        let keyed = xor(moved, *key);
        state = if round == 0 { keyed } else { mix(keyed, [14, 11, 13, 9]) };
    }
    state
}

fn xor(left: Block, right: Block) -> Block {
    std::array::from_fn(|at| left[at] ^ right[at])
}

/// Multiplies each column by a circulant matrix, whose first row is given.
fn mix(state: Block, row: [u8; 4]) -> Block {
    std::array::from_fn(|at| {
        let column = at / 4 * 4;
        (0..4).fold(0, |sum, place| sum ^ multiply(state[column + (at + place) % 4], row[place]))
    })
}

const fn double(value: u8) -> u8 {
    value << 1 ^ if value & 0x80 == 0 { 0 } else { 0x1B }
}

/// The product in the field of 256 elements.
const fn multiply(mut left: u8, mut right: u8) -> u8 {
    let mut product = 0;
    while right != 0 {
        if right & 1 == 1 {
            product ^= left;
        }
        left = double(left);
        right >>= 1;
    }
    product
}

/// The S-box: the inverse in the field, then an affine map.
const SUBSTITUTE: [u8; 256] = {
    let mut table = [0x63; 256];
    let mut value = 1u16;
    while value < 256 {
        let mut inverse = 1u16;
        while multiply(value as u8, inverse as u8) != 1 {
            inverse += 1;
        }
        let byte = inverse as u8;
        table[value as usize] =
            0x63 ^ byte ^ byte.rotate_left(1) ^ byte.rotate_left(2) ^ byte.rotate_left(3) ^ byte.rotate_left(4);
        value += 1;
    }
    table
};

/// The inverse S-box.
const RESTORE: [u8; 256] = {
    let mut table = [0; 256];
    let mut value = 0;
    while value < 256 {
        table[SUBSTITUTE[value] as usize] = value as u8;
        value += 1;
    }
    table
};
