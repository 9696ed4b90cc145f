use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
#[cfg(feature = "hyper")]
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, fmt};

use http::request::Parts;

use crate::arrival::BeforeArrival;
use crate::clock::{Calendar, Clock};
use crate::connection::{Bounds, Connections};
use crate::exchange::{CallerFn, Exceptions, InForce, Settings, Shared, Watch};
#[cfg(feature = "hyper")]
use crate::heal::Executor;
use crate::heal::{Cures, Heal};
use crate::kernel::Kernel;
use crate::lint::Level;
use crate::policy::{Environment, Instance, LintName, Policy, PolicyErrors, resolve_levels};
use crate::report::{Budget, Limiter, Reporter, TARGET, Tracing, Wiring};
#[cfg(feature = "hyper")]
use crate::wired::Room;
use crate::{ConnLint, Role};

/// Makes a [`ConnLint`].
///
/// ```
/// use tower_conn_lint::{ConnLint, Preset, lint};
///
/// let lint = ConnLint::builder()
///     .policy(Preset::Recommended1)
///     .warn(lint::HANDLER_SENDS_CLOSE)
///     .build();
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct ConnLintBuilder {
    policy: Policy,
    role: Role,
    levels: Vec<(LintName, Level)>,
    /// `None` asks the process.
    environment: Option<String>,
    reporter: Arc<dyn Reporter>,
    tracing: bool,
    #[cfg(feature = "metrics")]
    metrics: bool,
    clock: Clock,
    bounds: Option<Bounds>,
    cures: Cures,
    #[cfg(feature = "hyper")]
    executor: Executor,
    /// `None` asks the host.
    instance: Option<String>,
    calendar: Calendar,
    caller: Option<CallerFn>,
    durations: bool,
    phases: bool,
    kernel: Kernel,
    port_use_every: Option<Duration>,
    before_arrival: Option<BeforeArrival>,
}

impl ConnLintBuilder {
    pub(crate) fn new() -> ConnLintBuilder {
        ConnLintBuilder {
            policy: Policy::default(),
            role: Role::default(),
            levels: Vec::new(),
            environment: None,
            reporter: Arc::new(()),
            tracing: true,
            #[cfg(feature = "metrics")]
            metrics: true,
            clock: Clock::default(),
            bounds: None,
            cures: Cures::new(),
            #[cfg(feature = "hyper")]
            executor: Executor::default(),
            instance: None,
            calendar: Calendar::default(),
            caller: None,
            durations: false,
            phases: false,
            kernel: Kernel::new(Kernel::SLOW_DIAL),
            port_use_every: None,
            before_arrival: None,
        }
    }

    /// The policy, or a preset. Default: [`Preset::Observe1`](crate::Preset::Observe1).
    pub fn policy(mut self, policy: impl Into<Policy>) -> ConnLintBuilder {
        self.policy = policy.into();
        self
    }

    /// What the process is to the messages that pass it. Default: [`Role::Endpoint`].
    pub fn role(mut self, role: Role) -> ConnLintBuilder {
        self.role = role;
        self
    }

    /// Sets a lint's level on every route, over what the policy says. Default: the policy's.
    pub fn level(mut self, lint: impl Into<LintName>, level: Level) -> ConnLintBuilder {
        self.levels.push((lint.into(), level));
        self
    }

    /// Silences a lint; the reason stands in the code for those who read it.
    pub fn allow(self, lint: impl Into<LintName>, reason: impl AsRef<str>) -> ConnLintBuilder {
        _ = reason;
        self.level(lint, Level::Allow)
    }

    /// Reports a lint.
    pub fn warn(self, lint: impl Into<LintName>) -> ConnLintBuilder {
        self.level(lint, Level::Warn)
    }

    /// Reports a lint, and rewrites outgoing messages where that is safe.
    pub fn fix(self, lint: impl Into<LintName>) -> ConnLintBuilder {
        self.level(lint, Level::Fix)
    }

    /// Reports a lint, and rejects the request.
    pub fn deny(self, lint: impl Into<LintName>) -> ConnLintBuilder {
        self.level(lint, Level::Deny)
    }

    /// Adds a reporter beside those that there are. Default: `tracing`, and metrics where the
    /// feature is on.
    pub fn reporter(mut self, reporter: impl Reporter) -> ConnLintBuilder {
        self.reporter = Arc::new((self.reporter, reporter));
        self
    }

    /// Takes the reporter to `tracing` out.
    pub fn without_tracing(mut self) -> ConnLintBuilder {
        self.tracing = false;
        self
    }

    /// Takes the reporter to the `metrics` facade out.
    #[cfg(feature = "metrics")]
    pub fn without_metrics(mut self) -> ConnLintBuilder {
        self.metrics = false;
        self
    }

    /// Where the time comes from. Default: the system's monotonic clock. A lint with a clock of
    /// its own has a budget of lines of its own, too.
    pub fn clock(mut self, clock: impl Into<Clock>) -> ConnLintBuilder {
        self.clock = clock.into();
        self
    }

    /// From where on missing reuse is worth a finding, whatever the policy says of it. Default:
    /// [`Policy::bounds`].
    pub fn bounds(mut self, bounds: Bounds) -> ConnLintBuilder {
        self.bounds = Some(bounds);
        self
    }

    /// Switches cures on, over those of the policy. Default: none.
    ///
    /// ```
    /// use tower_conn_lint::ConnLint;
    /// use tower_conn_lint::heal::{Cures, Grace};
    ///
    /// let cures = Cures::new().peer_closes_first(Grace::default());
    /// let lint = ConnLint::builder().heal(cures).build();
    /// ```
    pub fn heal(mut self, cures: Cures) -> ConnLintBuilder {
        self.cures = cures.over(self.cures);
        self
    }

    /// Where the tasks of cures run, which read the rest of bodies: a runtime of tokio with its timers
    /// on. Default: the one that a body is left on, and none where there is none, as on a thread of
    /// another kind: such a body is not read on.
    ///
    /// ```
    /// use std::{future::Future, pin::Pin};
    /// use tokio::runtime::Handle;
    /// use tower_conn_lint::ConnLint;
    ///
    /// struct Background(Handle);
    ///
    /// impl hyper::rt::Executor<Pin<Box<dyn Future<Output = ()> + Send>>> for Background {
    ///     fn execute(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
    ///         self.0.spawn(task);
    ///     }
    /// }
    ///
    /// # let runtime = tokio::runtime::Runtime::new().unwrap();
    /// # let background = runtime.handle().clone();
    /// let lint = ConnLint::builder().executor(Background(background)).build();
    /// ```
    #[cfg(feature = "hyper")]
    pub fn executor(
        mut self,
        executor: impl hyper::rt::Executor<Pin<Box<dyn Future<Output = ()> + Send>>>
        + Send
        + Sync
        + 'static,
    ) -> ConnLintBuilder {
        self.executor = Executor::Given(Box::new(executor));
        self
    }

    /// The name of this instance among those of the service, such as a pod's: by a stable hash of
    /// it the instance is in the shares of a [`Rollout`](crate::policy::Rollout) or not. Default:
    /// the host's name.
    ///
    /// ```
    /// use tower_conn_lint::ConnLint;
    ///
    /// let lint = ConnLint::builder().instance("login-7d9c6b5f4-x2x7k").build();
    /// ```
    pub fn instance(mut self, name: impl Into<String>) -> ConnLintBuilder {
        self.instance = Some(name.into());
        self
    }

    /// Which day it is.
    #[cfg(test)]
    pub(crate) fn today(
        mut self,
        today: impl Fn() -> crate::policy::Day + Send + Sync + 'static,
    ) -> ConnLintBuilder {
        self.calendar = Calendar::new(today);
        self
    }

    /// Whether durations are recorded: in metrics those of requests, on reused connections and on
    /// fresh ones, of dials and of connections; and reporters are told how long each request took
    /// ([`Reporter::request_took`]). That takes the parts that see where responses end:
    /// `make_service` or `accept`, and `connector` with `response_bodies`. It costs an allocation a
    /// request, and two outbound. Default: off, since many services have such instruments.
    ///
    /// ```
    /// use tower_conn_lint::ConnLint;
    ///
    /// let lint = ConnLint::builder().durations(true).build();
    /// ```
    pub fn durations(mut self, on: bool) -> ConnLintBuilder {
        self.durations = on;
        self
    }

    /// Whether it is told in which parts of it each request of ours took its time
    /// ([`RequestPhases`](crate::report::RequestPhases)): a histogram, and an event at DEBUG. That takes
    /// `response_bodies` around `outbound`, and a `connector`, which below TLS tells the handshake
    /// apart; of reqwest its own layers tell dials and bodies. It costs three allocations a request.
    /// Default: off.
    ///
    /// ```
    /// use tower_conn_lint::ConnLint;
    ///
    /// let lint = ConnLint::builder().phases(true).build();
    /// ```
    pub fn phases(mut self, on: bool) -> ConnLintBuilder {
        self.phases = on;
        self
    }

    /// From how long on a dial is slow, so that a line at INFO tells of it, and the kernel is asked what
    /// became of it ([`AtDial`](crate::connection::AtDial)): on Linux, by the feature `linux`. Default: 200 ms, less
    /// than any packet that is sent again takes; zero asks of each dial.
    ///
    /// The question costs a dial about 10 us, and a request on a connection that is there nothing.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_conn_lint::ConnLint;
    ///
    /// let lint = ConnLint::builder().slow_dial(Duration::from_millis(50)).build();
    /// ```
    pub fn slow_dial(mut self, from: Duration) -> ConnLintBuilder {
        self.kernel = Kernel::new(from);
        self
    }

    /// Reads [`ConnLint::port_use`] each so often, a second at least, on a thread of its own: for the
    /// gauges `conn_lint_time_wait` and `conn_lint_ephemeral_ports_used`, for
    /// [snapshots](crate::snapshot::Snapshot::port_use), and for the lint `port-exhaustion-ahead`, which
    /// then knows what other processes hold, too. The thread ends with the lint, a period later at most.
    /// On Linux, by the feature `linux`. Default: it is read when it is asked for.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_conn_lint::ConnLint;
    ///
    /// let lint = ConnLint::builder().port_use_every(Duration::from_secs(15)).build();
    /// ```
    pub fn port_use_every(mut self, period: Duration) -> ConnLintBuilder {
        self.port_use_every = Some(period.max(Duration::from_secs(1)));
        self
    }

    /// Reads how long requests were on their way before they arrived, where their senders stamp them
    /// (`X-Request-Start`) and are declared: a histogram, and an event for each that took long
    /// ([`Reporter::arrived`]). The inbound layer reads it. It costs a request a look at one more field,
    /// and what its connection remembers of routes no longer spares it any. Default: nobody is declared,
    /// and nothing is read.
    ///
    /// ```
    /// use tower_conn_lint::ConnLint;
    /// use tower_conn_lint::arrival::BeforeArrival;
    ///
    /// # fn build() -> Result<(), tower_conn_lint::arrival::NetworkError> {
    /// let lint = ConnLint::builder().before_arrival(BeforeArrival::of_peers(["10.0.0.0/8".parse()?])).build();
    /// # Ok(())
    /// # }
    /// # build().unwrap();
    /// ```
    pub fn before_arrival(mut self, settings: BeforeArrival) -> ConnLintBuilder {
        self.before_arrival = Some(settings);
        self
    }

    /// How callers are told apart. Default: by the peer's IP address, where connections are wired, or
    /// the feature `axum` is on and `ConnectInfo<SocketAddr>` is in the request's extensions; those
    /// behind a Unix socket are one, `unix`. Asked for the first request of a connection and for
    /// those that have a finding; the text is cut at 64 bytes.
    pub fn caller(
        mut self,
        caller: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> ConnLintBuilder {
        self.caller = Some(Box::new(caller));
        self
    }

    /// What stands for the environment variable `CONN_LINT`, as in tests. Default: what the
    /// process was given.
    pub fn environment(mut self, settings: impl Into<String>) -> ConnLintBuilder {
        self.environment = Some(settings.into());
        self
    }

    /// Makes the lint. A level that is a mistake never stops a service: one line at ERROR names
    /// it, and it is taken as `warn`, or left out.
    pub fn build(self) -> ConnLint {
        let (lint, errors) = self.build_lossy();
        if let Some(errors) = errors {
            tracing::error!(target: TARGET, errors = %errors.brief(), "mistakes in levels set by code: taken as warn, or left out");
        }
        lint
    }

    /// Makes the lint, strictly.
    ///
    /// # Errors
    ///
    /// All mistakes in the levels at once. What `CONN_LINT` says is never an error here: nonsense
    /// in it is one warning in the log.
    pub fn try_build(self) -> Result<ConnLint, PolicyErrors> {
        let (lint, errors) = self.build_lossy();
        errors.map_or(Ok(lint), Err)
    }

    fn build_lossy(self) -> (ConnLint, Option<PolicyErrors>) {
        let (levels, errors) = resolve_levels(&self.levels, self.bounds, &self.policy);
        let environment = self.read_environment();
        let budget = if self.clock.is_system() { Budget::of_process() } else { Arc::default() };

        let mut reporter = self.reporter;
        if self.tracing {
            reporter = Arc::new((Tracing, reporter));
        }
        #[cfg(feature = "metrics")]
        if self.metrics {
            let metrics = crate::report::Metrics::default().with_durations(self.durations);
            reporter = Arc::new((metrics, reporter));
        }
        let now = self.clock.now();
        let instance = self.instance.as_deref().map_or_else(Instance::of_host, Instance::new);
        let off = environment.off;
        if off && self.tracing {
            tracing::info!(target: TARGET, "{}=off: nothing is watched", Environment::VARIABLE);
        }
        let (bounds, cures, role) = (self.bounds, self.cures, self.role);
        let follows_each = role.is_gateway() || self.before_arrival.is_some();
        let code = levels;
        let beside = Settings { code, environment, instance, bounds, cures, role, follows_each };
        let in_force = InForce::new(self.policy, beside, now);
        let shared = Shared {
            connections: Connections::new(now, in_force.table().bounds.window),
            off,
            plain: !off && !role.is_gateway(),
            before_arrival: self.before_arrival,
            is_gateway: !off && role.is_gateway(),
            clock: self.clock.clone(),
            calendar: self.calendar,
            in_force,
            watch: Watch::default(),
            secret: RandomState::new().hash_one(0),
            reporter,
            limiter: Limiter::new(self.clock, budget),
            caller: self.caller,
            exceptions: Exceptions::default(),
            #[cfg(feature = "hyper")]
            heal: Heal::new(now).on(self.executor),
            #[cfg(not(feature = "hyper"))]
            heal: Heal::new(now),
            times_requests: self.durations || self.phases,
            durations: self.durations,
            phases: self.phases,
            kernel: self.kernel,
            port_use: Mutex::default(),
            wiring: Wiring::default(),
            #[cfg(feature = "hyper")]
            room: Room::default(),
            #[cfg(feature = "tonic")]
            peers: crate::inbound::Peers::default(),
            started: AtomicBool::new(false),
        };
        shared.took_policy();
        let lint = ConnLint::from_shared(shared);
        if let Some(period) = self.port_use_every.filter(|_| !off) {
            lint.0.read_ports_every(period);
        }
        (lint, errors)
    }

    fn read_environment(&self) -> Environment {
        let settings = match &self.environment {
            Some(settings) => settings.clone(),
            None => env::var_os(Environment::VARIABLE)
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        };
        let (environment, errors) = Environment::parse(&settings);
        if let Some(errors) = errors {
            tracing::warn!(target: TARGET, errors = %errors.brief(), "nonsense in {}: left out, or taken as warn", Environment::VARIABLE);
        }
        environment
    }
}

impl fmt::Debug for ConnLintBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnLintBuilder")
            .field("policy", &self.policy)
            .field("role", &self.role)
            .field("levels", &self.levels)
            .field("environment", &self.environment)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
