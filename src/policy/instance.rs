use std::{env, fs};

use super::fnv::Fnv;

/// One of the instances of a service: which shares it is in. By a stable hash of its name it has a
/// place from 0 to below 1, and is in the shares that reach beyond that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Instance(f64);

/// What stands for a host without a name: then all its instances are in the same shares.
const NAMELESS: &str = "localhost";

// === impl Instance ===

impl Instance {
    /// In every share, also in that of none.
    pub(crate) const INSIDE: Instance = Instance(f64::NEG_INFINITY);

    /// The first that is not in this share.
    pub(crate) fn outside(share: f64) -> Instance {
        Instance(share)
    }

    pub(crate) fn new(name: &str) -> Instance {
        // The 53 highest bits, which a float holds exactly.
        Instance((Instance::hash(name) >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// FNV-1a over the name's bytes, 64 bits, and a mix: FNV's high bits hardly know of the last
    /// bytes, in which the names of instances differ. It is the same for all versions of this
    /// crate, so that a share holds the same instances after an update.
    fn hash(name: &str) -> u64 {
        let fnv = Fnv::new().with(name.as_bytes()).value();
        let mixed = (fnv ^ fnv >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ mixed >> 32
    }

    /// The one of this host.
    pub(crate) fn of_host() -> Instance {
        Instance::new(&host_name())
    }

    /// Whether it is among this share of all instances, from 0 to 1. Who is in a share is in every
    /// greater one.
    pub(crate) fn is_in(self, share: f64) -> bool {
        self.0 < share
    }
}

/// The environment's, which a container has, then the kernel's, then the one that is set up.
fn host_name() -> String {
    let of_environment = env::var("HOSTNAME").ok();
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let of_files = files.iter().filter_map(|path| fs::read_to_string(path).ok());
    let names = of_environment.into_iter().chain(of_files);
    let mut names = names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    names.next().unwrap_or_else(|| NAMELESS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_has_the_same_place_for_ever() {
        for (name, hash) in [
            ("", 0x8e08_39c5_6205_0fde),
            ("localhost", 0x9eda_fed8_a817_d6b1),
            ("login-7d9c6b5f4-x2x7k", 0xd7fd_d3a0_1dea_4ac2),
            ("login-7d9c6b5f4-x2x7l", 0x2ac7_48bf_f9b0_59ea),
        ] {
            assert_eq!(Instance::hash(name), hash, "{name:?}: {:#x}", Instance::hash(name));
        }
    }

    #[test]
    fn a_share_holds_as_many_as_it_says_and_grows() {
        type Name = fn(u32) -> String;
        let names: [Name; 3] = [
            |number| format!("login-{number}"),
            |number| format!("ip-10-0-{}-{}.ec2.internal", number / 256, number % 256),
            |number| format!("{number:04x}"),
        ];
        for name in names {
            let instances: Vec<_> =
                (0..10_000).map(|number| Instance::new(&name(number))).collect();
            for share in [0.01, 0.1, 0.2, 0.5, 0.9] {
                let within = instances.iter().filter(|instance| instance.is_in(share)).count();
                let expected = share * 10_000.0;
                // Four standard deviations.
                let spread = 4.0 * (expected * (1.0 - share)).sqrt();
                let off = (within as f64 - expected).abs();
                assert!(off <= spread, "{within} of 10,000 are in {share}: {}", name(1));
            }
            for instance in &instances {
                assert!(!instance.is_in(0.0) && instance.is_in(1.0), "nobody, and all");
                assert!(!instance.is_in(0.1) || instance.is_in(0.2), "0.1 is a part of 0.2");
            }
        }
        assert!(Instance::INSIDE.is_in(0.0) && !Instance::outside(0.5).is_in(0.5));
    }

    #[test]
    fn a_host_has_a_name() {
        assert!(!host_name().is_empty());
        assert_eq!(host_name().trim(), host_name());
    }
}
