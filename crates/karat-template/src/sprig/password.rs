//! `derivePassword`: the Master Password algorithm. scrypt turns password and user into a key; what the key says about a
//! site chooses a template and the characters in it.

use sha2::{Digest, Sha256};

/// The templates of each kind of password: what class of characters stands where.
const KINDS: [(&[u8], &[&[u8]]); 6] = [
    (b"maximum", &[b"anoxxxxxxxxxxxxxxxxx", b"axxxxxxxxxxxxxxxxxno"]),
    (
        b"long",
        &[
            b"CvcvnoCvcvCvcv",
            b"CvcvCvcvnoCvcv",
            b"CvcvCvcvCvcvno",
            b"CvccnoCvcvCvcv",
            b"CvccCvcvnoCvcv",
            b"CvccCvcvCvcvno",
            b"CvcvnoCvccCvcv",
            b"CvcvCvccnoCvcv",
            b"CvcvCvccCvcvno",
            b"CvcvnoCvcvCvcc",
            b"CvcvCvcvnoCvcc",
            b"CvcvCvcvCvccno",
            b"CvccnoCvccCvcv",
            b"CvccCvccnoCvcv",
            b"CvccCvccCvcvno",
            b"CvcvnoCvccCvcc",
            b"CvcvCvccnoCvcc",
            b"CvcvCvccCvccno",
            b"CvccnoCvcvCvcc",
            b"CvccCvcvnoCvcc",
            b"CvccCvcvCvccno",
        ],
    ),
    (b"medium", &[b"CvcnoCvc", b"CvcCvcno"]),
    (b"short", &[b"Cvcn"]),
    (b"basic", &[b"aaanaaan", b"aannaaan", b"aaannaaa"]),
    (b"pin", &[b"nnnn"]),
];

/// The characters of a class.
fn characters(class: u8) -> &'static [u8] {
    match class {
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The templates of a kind of password.
pub(super) fn templates(kind: &[u8]) -> Option<&'static [&'static [u8]]> {
    KINDS.iter().find(|(name, _)| *name == kind).map(|(_, templates)| *templates)
}

/// The password of a site.
pub(super) fn derive(counter: u32, templates: &[&[u8]], password: &[u8], user: &[u8], site: &[u8]) -> Vec<u8> {
    const SCOPE: &[u8] = b"com.lyndir.masterpassword";
    let length = |text: &[u8]| (text.len() as u32).to_be_bytes();
    let key = scrypt(password, &[SCOPE, &length(user), user].concat());
    let seed = hmac(&key, &[SCOPE, &length(site), site, &counter.to_be_bytes()]);
    let template = templates[usize::from(seed[0]) % templates.len()];
    let choose = |(class, seed): (&u8, &u8)| characters(*class)[usize::from(*seed) % characters(*class).len()];
    template.iter().zip(&seed[1..]).map(choose).collect()
}

/// scrypt's parameters, as Master Password fixes them: N, r, p and the length of the key.
const COST: usize = 32_768;
const BLOCK: usize = 8;
const PARALLEL: usize = 2;
const KEY: usize = 64;
/// The 32-bit words that are mixed at a time.
const WORDS: usize = 32 * BLOCK;

type Words = [u32; WORDS];

fn scrypt(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let mut bytes = stretch(password, salt, PARALLEL * WORDS * 4);
    for lane in bytes.as_chunks_mut::<{ WORDS * 4 }>().0 {
        let words = lane.as_chunks::<4>().0;
        let mixed = mix(std::array::from_fn(|at| u32::from_le_bytes(words[at])));
        for (to, word) in lane.as_chunks_mut::<4>().0.iter_mut().zip(mixed) {
            *to = word.to_le_bytes();
        }
    }
    stretch(password, &bytes, KEY)
}

/// Fills memory with blocks made from one another, then visits them in an order that depends on what they hold.
fn mix(mut state: Words) -> Words {
    let mut memory = Vec::with_capacity(COST);
    for _ in 0..COST {
        memory.push(state);
        state = mix_block(&state);
    }
    for _ in 0..COST {
        let visited = &memory[state[WORDS - 16] as usize % COST];
        state.iter_mut().zip(visited).for_each(|(word, other)| *word ^= other);
        state = mix_block(&state);
    }
    state
}

/// Salsa20/8 along the block; even parts come first in the result.
fn mix_block(state: &Words) -> Words {
    let mut out = [0; WORDS];
    let parts = state.as_chunks::<16>().0;
    let mut chained = parts[parts.len() - 1];
    for (at, part) in parts.iter().enumerate() {
        chained.iter_mut().zip(part).for_each(|(word, other)| *word ^= other);
        salsa(&mut chained);
        let to = 16 * (at / 2 + if at % 2 == 0 { 0 } else { BLOCK });
        out[to..to + 16].copy_from_slice(&chained);
    }
    out
}

fn salsa(block: &mut [u32; 16]) {
    let mut x = *block;
    let mut quarter = |a: usize, b: usize, c: usize, d: usize| {
        x[b] ^= x[a].wrapping_add(x[d]).rotate_left(7);
        x[c] ^= x[b].wrapping_add(x[a]).rotate_left(9);
        x[d] ^= x[c].wrapping_add(x[b]).rotate_left(13);
        x[a] ^= x[d].wrapping_add(x[c]).rotate_left(18);
    };
    for _ in 0..4 {
        quarter(0, 4, 8, 12);
        quarter(5, 9, 13, 1);
        quarter(10, 14, 2, 6);
        quarter(15, 3, 7, 11);
        quarter(0, 1, 2, 3);
        quarter(5, 6, 7, 4);
        quarter(10, 11, 8, 9);
        quarter(15, 12, 13, 14);
    }
    block.iter_mut().zip(x).for_each(|(word, mixed)| *word = word.wrapping_add(mixed));
}

/// PBKDF2 with HMAC-SHA-256 and one iteration.
fn stretch(password: &[u8], salt: &[u8], length: usize) -> Vec<u8> {
    let mut out: Vec<u8> =
        (1..=length.div_ceil(32) as u32).flat_map(|block| hmac(password, &[salt, &block.to_be_bytes()])).collect();
    out.truncate(length);
    out
}

/// HMAC-SHA-256.
fn hmac(key: &[u8], message: &[&[u8]]) -> [u8; 32] {
    let mut padded = [0u8; 64];
    match key.len() {
        ..=64 => padded[..key.len()].copy_from_slice(key),
        _ => padded[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let mut inner = Sha256::new_with_prefix(padded.map(|byte| byte ^ 0x36));
    for part in message {
        inner.update(part);
    }
    Sha256::new_with_prefix(padded.map(|byte| byte ^ 0x5C)).chain_update(inner.finalize()).finalize().into()
}
