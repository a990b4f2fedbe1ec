//! Digests, which are exact, and keys, certificates and random texts, which are placeholders.

use std::net::IpAddr;
use std::rc::Rc;

use data_encoding::{BASE64, HEXLOWER};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::Type::{Int, List, Named, String as Text};
use crate::{Builtin, CallError, Map, Object, Str, Value};

use super::args::{any, fixed, int, items, panic, string, text};
use super::encoding::decode_base64;
use super::placeholders::{cycled, note};
use super::print::sprint;
use super::{aes, password};

const CERTIFICATE: crate::Type = Named("sprig.certificate");

/// The family.
pub(super) const FUNCTIONS: &[Builtin] = &[
    // Digests.
    fixed("sha1sum", &[Text], |_, a| string(HEXLOWER.encode(&Sha1::digest(&**text(a, 0))))),
    fixed("sha256sum", &[Text], |_, a| string(HEXLOWER.encode(&Sha256::digest(&**text(a, 0))))),
    fixed("sha512sum", &[Text], |_, a| string(HEXLOWER.encode(&Sha512::digest(&**text(a, 0))))),
    fixed("adler32sum", &[Text], |_, a| string(adler32(text(a, 0)).to_string())),
    // Ciphers and passwords.
    fixed("encryptAES", &[Text, Text], |i, a| {
        note(i, "encryptAES");
        string(aes::encrypt(text(a, 0), text(a, 1)))
    }),
    fixed("decryptAES", &[Text, Text], |_, a| string(aes::decrypt(text(a, 0), text(a, 1))?)),
    fixed("derivePassword", &[Int, Text, Text, Text, Text], |i, a| {
        let Some(templates) = password::templates(text(a, 1)) else {
            return string([b"cannot find password template ", &**text(a, 1)].concat());
        };
        let Ok(counter) = u32::try_from(int(a, 0)) else {
            return Err(format!("{} overflows uint32", int(a, 0)).into());
        };
        // scrypt is made to be slow, and takes 32 MiB.
        i.work(1_000_000)?;
        string(password::derive(counter, templates, text(a, 2), text(a, 3), text(a, 4)))
    }),
    fixed("bcrypt", &[Text], |i, a| {
        note(i, "bcrypt");
        string(bcrypt(text(a, 0)))
    }),
    fixed("htpasswd", &[Text, Text], |i, a| {
        let user = text(a, 0);
        if user.contains(&b':') {
            return string([b"invalid username: ", &**user].concat());
        }
        note(i, "htpasswd");
        string([&**user, b":", bcrypt(text(a, 1)).as_bytes()].concat())
    }),
    // Random texts.
    fixed("randAlphaNum", &[Int], |i, a| {
        note(i, "randAlphaNum");
        string(cycled("placeholder0", int(a, 0))?)
    }),
    fixed("randAlpha", &[Int], |i, a| {
        note(i, "randAlpha");
        string(cycled("placeholder", int(a, 0))?)
    }),
    fixed("randAscii", &[Int], |i, a| {
        note(i, "randAscii");
        string(cycled("placeholder!", int(a, 0))?)
    }),
    fixed("randNumeric", &[Int], |i, a| {
        note(i, "randNumeric");
        string(cycled("0123456789", int(a, 0))?)
    }),
    fixed("randBytes", &[Int], |i, a| {
        note(i, "randBytes");
        if int(a, 0) < 0 {
            return Err(panic("makeslice: len out of range"));
        }
        string(BASE64.encode(cycled("placeholder", int(a, 0))?.as_bytes()))
    }),
    fixed("randInt", &[Int, Int], |i, a| {
        note(i, "randInt");
        if int(a, 1).wrapping_sub(int(a, 0)) <= 0 {
            return Err("invalid argument to Intn".into());
        }
        Ok(any(a, 0).clone())
    }),
    fixed("uuidv4", &[], |i, _| {
        note(i, "uuidv4");
        string("00000000-0000-4000-8000-000000000000")
    }),
    fixed("shuffle", &[Text], |i, a| {
        note(i, "shuffle");
        string(super::strings::map_runes(text(a, 0), |char| char))
    }),
    // Keys and certificates.
    fixed("genPrivateKey", &[Text], |i, a| {
        let kind = match &**text(a, 0) {
            b"" | b"rsa" => "RSA PRIVATE KEY",
            b"dsa" => "DSA PRIVATE KEY",
            b"ecdsa" => "EC PRIVATE KEY",
            b"ed25519" => "PRIVATE KEY",
            other => return string([b"Unknown type ", other].concat()),
        };
        note(i, "genPrivateKey");
        string(pem(kind))
    }),
    fixed("buildCustomCert", &[Text, Text], |_, a| build_custom(text(a, 0), text(a, 1))),
    fixed("genCA", &[Text, Int], |i, _| {
        note(i, "genCA");
        Ok(certificate(RSA_KEY.into()))
    }),
    fixed("genCAWithKey", &[Text, Int, Text], |i, a| {
        note(i, "genCAWithKey");
        Ok(certificate(given_key(text(a, 2))?))
    }),
    fixed("genSelfSignedCert", &[Text, List, List, Int], |i, a| {
        note(i, "genSelfSignedCert");
        check_names(any(a, 1), any(a, 2))?;
        Ok(certificate(RSA_KEY.into()))
    }),
    fixed("genSelfSignedCertWithKey", &[Text, List, List, Int, Text], |i, a| {
        note(i, "genSelfSignedCertWithKey");
        let key = given_key(text(a, 4))?;
        check_names(any(a, 1), any(a, 2))?;
        Ok(certificate(key))
    }),
    fixed("genSignedCert", &[Text, List, List, Int, CERTIFICATE], |i, a| {
        note(i, "genSignedCert");
        check_authority(any(a, 4))?;
        check_names(any(a, 1), any(a, 2))?;
        Ok(certificate(RSA_KEY.into()))
    }),
    fixed("genSignedCertWithKey", &[Text, List, List, Int, CERTIFICATE, Text], |i, a| {
        note(i, "genSignedCertWithKey");
        let key = given_key(text(a, 5))?;
        check_authority(any(a, 4))?;
        check_names(any(a, 1), any(a, 2))?;
        Ok(certificate(key))
    }),
];

const RSA_KEY: &str =
    "-----BEGIN RSA PRIVATE KEY-----\ncGxhY2Vob2xkZXI6IG5vIGtleSBpcyBtYWRlIGhlcmU=\n-----END RSA PRIVATE KEY-----\n";

fn adler32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1u32, 0u32);
    // 5552 bytes are the most whose sums fit 32 bits.
    for chunk in bytes.chunks(5552) {
        for byte in chunk {
            low += u32::from(*byte);
            high += low;
        }
        low %= 65_521;
        high %= 65_521;
    }
    high << 16 | low
}

fn bcrypt(password: &[u8]) -> String {
    if password.len() > 72 {
        return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".into();
    }
    // The shape of a hash: algorithm, cost, 22 characters of salt and 31 of hash.
    format!("$2a$10${:.<53}", "placeholder")
}

/// A block with a note in it instead of a key or a certificate.
fn pem(kind: &str) -> String {
    format!("-----BEGIN {kind}-----\ncGxhY2Vob2xkZXI6IG5vIGtleSBpcyBtYWRlIGhlcmU=\n-----END {kind}-----\n")
}

/// The type of the first block of a PEM text.
fn pem_type(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    text.split("-----BEGIN ").skip(1).find_map(|after| {
        let kind = &after[..after.find("-----")?];
        after.contains(&format!("-----END {kind}-----")).then(|| kind.to_owned())
    })
}

/// The key that a caller brings, if it looks like one.
fn given_key(key: &Str) -> Result<Str, CallError> {
    check_key(key).map_err(|error| CallError::from(format!("parsing private key: {error}")))?;
    Ok(key.clone())
}

fn check_key(key: &[u8]) -> Result<(), String> {
    match pem_type(key).as_deref() {
        None => Err("no PEM data in input".into()),
        Some("PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "DSA PRIVATE KEY") => Ok(()),
        Some(kind) if !kind.ends_with(" PRIVATE KEY") => {
            Err(format!("no private key data in PEM block of type {kind}"))
        }
        Some(kind) => Err(format!("invalid private key type {kind}")),
    }
}

/// The IP addresses and DNS names of a certificate; nil is none.
fn check_names(addresses: &Value, names: &Value) -> Result<(), CallError> {
    for address in items(addresses).unwrap_or_default().iter() {
        let Value::Str(text) = address else {
            return Err(format!("error parsing ip: {} is not a string", sprint(address)?).into());
        };
        if text.as_str().is_none_or(|text| text.parse::<IpAddr>().is_err()) {
            return Err(format!("error parsing ip: {text}").into());
        }
    }
    for name in items(names).unwrap_or_default().iter() {
        if !matches!(name, Value::Str(_)) {
            return Err(format!("error processing alternate dns name: {} is not a string", sprint(name)?).into());
        }
    }
    Ok(())
}

/// A certificate that signs another.
fn check_authority(authority: &Value) -> Result<(), CallError> {
    let part = |name: &str| match authority {
        Value::Object(object) => match object.field(name) {
            Some(Value::Str(text)) => text,
            _ => Str::new(),
        },
        _ => Str::new(),
    };
    if pem_type(&part("Cert")).is_none() {
        return Err("unable to decode certificate".into());
    }
    check_key(&part("Key")).map_err(|error| format!("error parsing private key: {error}").into())
}

/// Takes a certificate and a key as they are, once they look like ones; their contents are not read.
fn build_custom(certificate: &[u8], key: &[u8]) -> Result<Value, CallError> {
    let certificate = decode_base64(certificate).map_err(|_| "unable to decode base64 certificate")?;
    let key = decode_base64(key).map_err(|_| "unable to decode base64 private key")?;
    if pem_type(&certificate).is_none() {
        return Err("unable to decode certificate".into());
    }
    check_key(&key).map_err(|error| format!("error parsing private key: {error}"))?;
    Ok(Value::Object(Rc::new(Certificate { cert: certificate.into(), key: key.into() })))
}

fn certificate(key: Str) -> Value {
    Value::Object(Rc::new(Certificate { cert: pem("CERTIFICATE").into(), key }))
}

/// `sprig.certificate`: a struct with a certificate and its key.
struct Certificate {
    cert: Str,
    key: Str,
}

impl Object for Certificate {
    fn go_type(&self) -> &'static str {
        "sprig.certificate"
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(Value::Str(self.cert.clone())),
            "Key" => Some(Value::Str(self.key.clone())),
            _ => None,
        }
    }

    fn call(&self, _name: &str, _arguments: &[Value]) -> Option<Result<Value, CallError>> {
        None
    }

    fn data(&self) -> Value {
        let map = Map::new(Default::default());
        map.set("Cert", Value::Str(self.cert.clone()));
        map.set("Key", Value::Str(self.key.clone()));
        Value::Map(map)
    }

    fn print(&self) -> Str {
        [b"{", &*self.cert, b" ", &*self.key, b"}"].concat().into()
    }
}
