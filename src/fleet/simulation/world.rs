//! What all simulated processes share: the database, the doorbell, and the machines that they run on.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::gate::{Gate, spawn};
use super::random::Random;
use super::tables::{ConnectionId, Tables};

/// The number of texts that wait for a process. More are lost.
const EARS: usize = 10_000;

/// Whether a machine reaches the doorbell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bell {
    Works,
    /// Texts are lost, and the process does not notice.
    IsSilent,
    /// The connection is lost, and the process notices.
    IsCut,
}

/// A machine on which one process runs, or none.
pub struct Machine {
    pub gate: Arc<Gate>,
    pub reaches_database: bool,
    pub bell: Bell,
    /// One for each process: while one ends, another may start.
    ears: Vec<mpsc::Sender<Arc<str>>>,
    /// Connections that the database still has, and that the machine has given up.
    abandoned: Vec<ConnectionId>,
    pub runs_jobs: bool,
}

/// How long things take, and how often the doorbell fails.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// The longest time of a call of the database to one side, in milliseconds.
    pub database_ms: u64,
    pub bell_ms: u64,
    /// In percent.
    pub lost: u64,
    pub doubled: u64,
}

pub struct State {
    pub tables: Tables,
    pub machines: Vec<Machine>,
    pub weather: Weather,
    bell_random: Random,
}

/// The world. Cheap to clone.
#[derive(Clone)]
pub struct World(Arc<Mutex<State>>);

impl World {
    pub fn new(seed: u64, machines: usize, rooms: i64, weather: Weather) -> Self {
        let machine = || Machine {
            gate: Arc::default(),
            reaches_database: true,
            bell: Bell::Works,
            ears: Vec::new(),
            abandoned: Vec::new(),
            runs_jobs: false,
        };
        Self(Arc::new(Mutex::new(State {
            tables: Tables::new(rooms),
            machines: (0..machines).map(|_| machine()).collect(),
            weather,
            bell_random: Random::new(seed, 1),
        })))
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no task panics while it holds the lock")
    }

    pub fn note(&self, what: impl FnOnce() -> String) {
        self.lock().tables.note(what);
    }

    pub fn reaches_database(&self, machine: usize) -> bool {
        self.lock().machines[machine].reaches_database
    }

    /// The process has given up a connection: the database ends it as soon as it is told.
    pub fn abandon(&self, machine: usize, connection: ConnectionId) {
        let mut state = self.lock();
        match state.machines[machine].reaches_database {
            true => state.tables.end(connection),
            false => state.machines[machine].abandoned.push(connection),
        }
    }

    /// Sets whether a machine reaches the database.
    pub fn set_reaches_database(&self, machine: usize, reaches: bool) {
        let mut state = self.lock();
        state.machines[machine].reaches_database = reaches;
        if reaches {
            let abandoned = std::mem::take(&mut state.machines[machine].abandoned);
            abandoned.into_iter().for_each(|connection| state.tables.end(connection));
        }
    }

    pub fn set_bell(&self, machine: usize, bell: Bell) {
        let mut state = self.lock();
        let machine = &mut state.machines[machine];
        machine.bell = bell;
        if bell == Bell::IsCut {
            machine.ears.clear();
        }
    }

    /// Connects a process with the doorbell. `None`: it cannot be reached.
    pub fn listen(&self, machine: usize) -> Option<mpsc::Receiver<Arc<str>>> {
        let mut state = self.lock();
        let machine = &mut state.machines[machine];
        (machine.bell == Bell::Works).then(|| {
            let (ears, heard) = mpsc::channel(EARS);
            machine.ears.retain(|ears| !ears.is_closed());
            machine.ears.push(ears);
            heard
        })
    }

    /// Carries a text to all processes, also to the one that rings: late, twice or not at all.
    pub fn ring(&self, from: usize, text: String) {
        let mut state = self.lock();
        if state.machines[from].bell != Bell::Works {
            return;
        }
        let (text, weather): (Arc<str>, _) = (text.into(), state.weather);
        for to in 0..state.machines.len() {
            let random = &mut state.bell_random;
            let copies = match (random.percent(weather.lost), random.percent(weather.doubled)) {
                (true, _) => 0,
                (false, is_doubled) => 1 + u64::from(is_doubled),
            };
            for _ in 0..copies {
                let late = Duration::from_millis(state.bell_random.below(weather.bell_ms + 1));
                let (world, text) = (self.clone(), text.clone());
                let deliver = async move {
                    sleep(late).await;
                    let state = world.lock();
                    let machine = &state.machines[to];
                    if machine.bell == Bell::Works {
                        for ears in &machine.ears {
                            let _ = ears.try_send(text.clone());
                        }
                    }
                };
                drop(spawn(deliver));
            }
        }
    }

    /// The machines whose process runs the jobs and could do something for them now.
    pub fn jobs(&self) -> BTreeSet<usize> {
        let state = self.lock();
        let runs = |(index, it): (usize, &Machine)| {
            (it.runs_jobs && !it.gate.is_closed() && it.reaches_database).then_some(index)
        };
        state.machines.iter().enumerate().filter_map(runs).collect()
    }
}
