//! `motcua courier add`: the lines of the configuration for somebody who signs handovers with a PIN.

use crate::secret;
use anyhow::{Context as _, bail, ensure};
use motcua_model::{
    config::{Config, is_number},
    pin::{DIGITS, PinVerifier, ROUNDS, is_pin},
};
use std::{fs, path::Path};
use zeroize::Zeroizing;

/// Lines to be put into the file by hand, so that whoever keeps it sees what changes. The PIN is read from standard input and never
/// printed.
pub(crate) fn add(number: &str, clerk: bool, config: &Path) -> anyhow::Result<String> {
    ensure!(is_number(number), "{number:?}: write the number on the badge, without BCCI-: 3 to 20 letters or digits");
    let table = if clerk { "couriers.clerks" } else { "couriers.badges" };
    let text = fs::read_to_string(config).with_context(|| format!("Unable to read {}", config.display()))?;
    if let Ok(known) = Config::parse(&config.display().to_string(), &text) {
        let signers = if clerk { &known.couriers.clerks } else { &known.couriers.badges };
        ensure!(
            !signers.iter().any(|signer| signer.number == number),
            "{number} is in {} already; take its lines out first, then add it anew",
            config.display()
        );
    }
    let pin = typed()?;
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|e| anyhow::anyhow!("no random numbers from the system: {e}"))?;
    let verifier = PinVerifier::new(&pin, salt, ROUNDS).context("the PIN cannot be used")?;
    Ok(format!(
        "# Put these lines at the end of {}, then restart motcua-agent:\n[[{table}]]\nnumber = \"{number}\"\npin = \"{}\"\n",
        config.display(),
        verifier.to_text()
    ))
}

fn typed() -> anyhow::Result<Zeroizing<String>> {
    let pin = secret::typed(&format!("PIN, {} to {} digits: ", DIGITS.start(), DIGITS.end()), "nothing was made")?;
    if !is_pin(&pin) {
        bail!("a PIN has {} to {} digits, 0 to 9; nothing was made", DIGITS.start(), DIGITS.end());
    }
    Ok(pin)
}
