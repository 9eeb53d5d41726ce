//! Elliptic curves of the standardized domain parameters (ICAO 9303-11 9.5.1): points in, points out, always checked.

use super::{
    CardError,
    keys::{self, failed},
};
use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    ec::{EcGroup, EcGroupRef, EcPoint, EcPointRef, PointConversionForm},
    nid::Nid,
};
use std::rc::Rc;

/// Fills bytes with randomness.
pub type Random<'a> = &'a mut dyn FnMut(&mut [u8]);

/// A curve with a generator: its own, or one that PACE mapped.
pub struct Curve {
    group: Rc<EcGroup>,
    generator: EcPoint,
}

/// A key pair made for one use.
pub struct Pair {
    secret: BigNum,
    /// Uncompressed point.
    pub public: Vec<u8>,
}

impl Curve {
    /// By the identifier of standardized domain parameters. None for the multiplicative groups and for unknown ones.
    ///
    /// # Errors
    /// When OpenSSL was built without the curve.
    pub fn by_id(parameter: u8) -> Result<Option<Self>, CardError> {
        let nid = match parameter {
            8 => Nid::X9_62_PRIME192V1,
            9 => Nid::BRAINPOOL_P192R1,
            10 => Nid::SECP224R1,
            11 => Nid::BRAINPOOL_P224R1,
            12 => Nid::X9_62_PRIME256V1,
            13 => Nid::BRAINPOOL_P256R1,
            14 => Nid::BRAINPOOL_P320R1,
            15 => Nid::SECP384R1,
            16 => Nid::BRAINPOOL_P384R1,
            17 => Nid::BRAINPOOL_P512R1,
            18 => Nid::SECP521R1,
            _ => return Ok(None),
        };
        let group = EcGroup::from_curve_name(nid).map_err(failed)?;
        let generator = group.generator_opt().ok_or_else(off_curve)?.to_owned(&group).map_err(failed)?;
        Ok(Some(Self { group: Rc::new(group), generator }))
    }

    /// A curve as a key brings it, by name or by explicit parameters.
    ///
    /// # Errors
    /// When it is no curve, or one with a cofactor.
    pub fn of(key: &EcGroupRef) -> Result<Self, CardError> {
        let number = || BigNum::new().map_err(failed);
        let (mut p, mut a, mut b, mut order, mut cofactor) = (number()?, number()?, number()?, number()?, number()?);
        let mut context = BigNumContext::new().map_err(failed)?;
        key.components_gfp(&mut p, &mut a, &mut b, &mut context).map_err(failed)?;
        key.order(&mut order, &mut context).map_err(failed)?;
        key.cofactor(&mut cofactor, &mut context).map_err(failed)?;
        if cofactor.num_bits() != 1 {
            return Err(off_curve());
        }
        let mut group = EcGroup::from_components(p, a, b, &mut context).map_err(failed)?;
        let generator = key.generator_opt().ok_or_else(off_curve)?;
        let generator = generator.to_bytes(key, PointConversionForm::UNCOMPRESSED, &mut context).map_err(failed)?;
        let generator = EcPoint::from_bytes(&group, &generator, &mut context).map_err(failed)?;
        group.set_generator(generator, order, cofactor).map_err(failed)?;
        let generator = group.generator_opt().ok_or_else(off_curve)?.to_owned(&group).map_err(failed)?;
        Ok(Self { group: Rc::new(group), generator })
    }

    /// A new key pair.
    ///
    /// # Errors
    /// When the randomness is none.
    pub fn pair(&self, random: Random<'_>) -> Result<Pair, CardError> {
        let secret = self.scalar(random)?;
        let public = self.encode(&*self.multiply(&self.generator, &secret)?)?;
        Ok(Pair { secret, public })
    }

    /// Elliptic curve Diffie-Hellman: the common point, uncompressed.
    ///
    /// # Errors
    /// When the other's point is not on the curve, or is our own.
    pub fn agree(&self, own: &Pair, other: &[u8]) -> Result<Vec<u8>, CardError> {
        if own.public == other {
            return Err(CardError::Protocol("the chip sent our own key back".to_owned()));
        }
        self.encode(&*self.multiply(&*self.decode(other)?, &own.secret)?)
    }

    /// Generic mapping (4.4.3.3.1): the same curve with the generator s·G + H.
    ///
    /// # Errors
    /// When the result is no generator.
    pub fn mapped(&self, nonce: &[u8], common: &[u8]) -> Result<Self, CardError> {
        let nonce = BigNum::from_slice(nonce).map_err(failed)?;
        let scaled = self.multiply(&self.generator, &nonce)?;
        let common = self.decode(common)?;
        let mut context = BigNumContext::new().map_err(failed)?;
        let mut generator = EcPoint::new(&self.group).map_err(failed)?;
        generator.add(&self.group, &scaled, &common, &mut context).map_err(failed)?;
        if generator.is_infinity(&self.group) {
            return Err(off_curve());
        }
        Ok(Self { group: Rc::clone(&self.group), generator })
    }

    /// The generator, uncompressed.
    ///
    /// # Errors
    /// When OpenSSL cannot write it.
    pub fn generator(&self) -> Result<Vec<u8>, CardError> {
        self.encode(&self.generator)
    }

    /// A number between 1 and the order of the curve, by drawing again when it is not.
    fn scalar(&self, random: Random<'_>) -> Result<BigNum, CardError> {
        let mut context = BigNumContext::new().map_err(failed)?;
        let mut order = BigNum::new().map_err(failed)?;
        self.group.order(&mut order, &mut context).map_err(failed)?;
        let spare_bits = u32::try_from(order.num_bytes() * 8 - order.num_bits()).unwrap_or(0);
        let mut bytes = vec![0; usize::try_from(order.num_bytes()).unwrap_or(0)];
        for _ in 0..100 {
            random(&mut bytes);
            if let Some(first) = bytes.first_mut() {
                *first &= 0xFF >> spare_bits;
            }
            let number = BigNum::from_slice(&bytes).map_err(failed)?;
            if number.num_bits() > 0 && number < order {
                return Ok(number);
            }
        }
        Err(CardError::Protocol("the source of randomness gives no usable number".to_owned()))
    }

    fn multiply(&self, point: &EcPointRef, scalar: &BigNumRef) -> Result<EcPoint, CardError> {
        let mut context = BigNumContext::new().map_err(failed)?;
        let mut product = EcPoint::new(&self.group).map_err(failed)?;
        product.mul2(&self.group, point, scalar, &mut context).map_err(failed)?;
        if product.is_infinity(&self.group) {
            return Err(off_curve());
        }
        Ok(product)
    }

    /// All curves here have a cofactor of one, so that being on the curve is enough.
    fn decode(&self, bytes: &[u8]) -> Result<EcPoint, CardError> {
        if bytes.first() != Some(&4) {
            return Err(off_curve());
        }
        let mut context = BigNumContext::new().map_err(failed)?;
        let point = EcPoint::from_bytes(&self.group, bytes, &mut context).map_err(|_cause| off_curve())?;
        if point.is_infinity(&self.group) || !point.is_on_curve(&self.group, &mut context).map_err(failed)? {
            return Err(off_curve());
        }
        Ok(point)
    }

    fn encode(&self, point: &EcPointRef) -> Result<Vec<u8>, CardError> {
        let mut context = BigNumContext::new().map_err(failed)?;
        point.to_bytes(&self.group, PointConversionForm::UNCOMPRESSED, &mut context).map_err(failed)
    }
}

/// Session keys of a common point: its x coordinate in full length is the secret (9.6).
///
/// # Errors
/// When the library of ciphers fails.
pub fn session_keys(cipher: keys::Cipher, common: &[u8]) -> Result<keys::Keys, CardError> {
    keys::Keys::derive(cipher, x_coordinate(common))
}

/// First coordinate of an uncompressed point.
#[must_use]
pub fn x_coordinate(point: &[u8]) -> &[u8] {
    point.get(1..point.len().div_ceil(2)).unwrap_or_default()
}

fn off_curve() -> CardError {
    CardError::Protocol("the chip sent a key that does not lie on its curve".to_owned())
}
