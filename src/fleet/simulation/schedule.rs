//! One run: random actions of clients and failures, then a quiet time, after which everything must be known
//! everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::process::Process;
use super::random::Random;
use super::viewer::Viewer;
use super::world::{Bell, Weather, World};
use crate::model::{RoomId, UserId};

/// After this time without failures, every node knows everything: a dead node is found after 5 s, by a
/// heartbeat, of which there is one every 1.5 s; a poll takes 1 s, and a call that waits for a dead database 2 s.
pub const QUIET: Duration = Duration::from_secs(10);

/// The time from a look at the world to the next one.
const LOOK: Duration = Duration::from_millis(100);

pub struct Run {
    pub(super) world: World,
    random: Random,
    pub(super) processes: Vec<Option<Process>>,
    pub(super) viewers: Vec<Viewer>,
    pub(super) rooms: Vec<RoomId>,
    /// When each failure ends: the machine goes on, or reaches again what it did not reach.
    repairs: Vec<(Instant, Repair)>,
    /// When people were last lost for a good reason: by machine, and for all.
    pub(super) excused: BTreeMap<usize, Instant>,
    pub(super) all_excused: Option<Instant>,
    pub(super) jobs_overlap_since: Option<Instant>,
    pub(super) jobs_idle_since: Option<Instant>,
    /// The machines that could run the jobs at the last look.
    pub(super) able: BTreeSet<usize>,
    /// How much goes wrong, in percent.
    trouble: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repair {
    Thaw(usize),
    Database(usize),
    Bell(usize),
    Start(usize),
}

/// Runs the schedule of a seed. Returns its trace.
///
/// # Errors
/// What was wrong, with the trace.
pub fn run(seed: u64) -> Result<Vec<String>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let (trace, result) = runtime.block_on(async {
        let mut run = Run::new(seed);
        let result = run.play().await;
        (std::mem::take(&mut run.world.lock().tables.trace), result)
    });
    match result {
        Ok(()) => Ok(trace),
        Err(wrong) => Err(format!("{}\nseed {seed}: {wrong}", trace.join("\n"))),
    }
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, 0);
        let weather = Weather {
            database_ms: random.pick(&[0, 2, 10, 60]).unwrap_or(0),
            bell_ms: random.pick(&[0, 2, 20, 200]).unwrap_or(0),
            lost: random.pick(&[0, 5, 30, 100]).unwrap_or(0),
            doubled: random.pick(&[0, 10, 50]).unwrap_or(0),
        };
        // The last room is the secret one.
        let (machines, rooms) = (2 + random.below(3) as usize, 2 + random.below(3) as i64);
        let people = 2 + random.below(4) as i64;
        // Some people have several connections.
        let viewers = (0..3 + random.below(4) as i64)
            .map(|index| Viewer::new(UserId(1 + index % people)))
            .collect();
        let world = World::new(seed, machines, rooms, weather);
        let mut run = Self {
            world,
            processes: (0..machines).map(|_| None).collect(),
            viewers,
            rooms: (1..=rooms).map(RoomId).collect(),
            repairs: Vec::new(),
            excused: BTreeMap::new(),
            all_excused: None,
            jobs_overlap_since: None,
            jobs_idle_since: None,
            able: BTreeSet::new(),
            trouble: random.pick(&[0, 10, 40]).unwrap_or(0),
            random,
        };
        run.world.note(|| format!("{weather:?}"));
        run.world.lock().tables.admit((1..=people).map(UserId));
        (0..machines).for_each(|machine| run.start(machine));
        run
    }

    async fn play(&mut self) -> Result<(), String> {
        let time = Duration::from_millis(self.random.below(3_000));
        self.wait(time).await?;
        let actions = 20 + self.random.below(80);
        // Some runs are quick, so that much happens at once; in others there is time between the actions.
        let pause = self.random.pick(&[3, 50, 1_000, 2_500]).unwrap_or(0);
        for _ in 0..actions {
            let time = Duration::from_millis(self.random.below(pause + 1));
            self.wait(time).await?;
            match self.random.percent(self.trouble) {
                true => self.fail()?,
                false => self.act()?,
            }
        }
        self.heal();
        self.world.note(|| "everything works again".to_owned());
        let database_ms = self.world.lock().weather.database_ms.min(10);
        self.world.lock().weather.database_ms = database_ms;
        self.wait(QUIET).await?;
        self.check_end()
    }

    fn start(&mut self, machine: usize) {
        if self.processes[machine].is_none() {
            self.world.note(|| format!("{machine} starts"));
            let stream = 1_000 + self.random.below(1_000_000);
            let random = Random::new(stream, machine as u64);
            self.processes[machine] = Some(Process::start(&self.world, machine, random));
        }
    }

    /// Lets time pass, and looks at what happens.
    async fn wait(&mut self, time: Duration) -> Result<(), String> {
        let until = Instant::now() + time;
        loop {
            let now = Instant::now();
            let due = self.repairs.extract_if(.., |(at, _)| *at <= now);
            let due: Vec<Repair> = due.map(|(_, repair)| repair).collect();
            due.into_iter().for_each(|repair| self.repair(repair));
            self.look()?;
            if now >= until {
                return Ok(());
            }
            sleep((until - now).min(LOOK)).await;
        }
    }

    fn act(&mut self) -> Result<(), String> {
        let index = self.random.below(self.viewers.len() as u64) as usize;
        let Some(room) = self.random.pick(&self.rooms) else { return Ok(()) };
        let from_now = self.random.percent(50);
        let what = self.random.below(12);
        let user = self.viewers[index].user;
        let Some(session) = &self.viewers[index].session else {
            let machines: Vec<usize> = self.living().collect();
            let Some(machine) = self.random.pick(&machines) else { return Ok(()) };
            let rooms: Vec<RoomId> =
                self.rooms.iter().copied().filter(|_| self.random.percent(70)).collect();
            self.world.note(|| format!("{index} (user {}) connects to {machine}", user.0));
            if let Some(process) = &self.processes[machine] {
                self.viewers[index].connect(machine, process, &rooms, from_now);
                if self.random.percent(50) {
                    self.viewers[index].watch();
                }
            }
            return Ok(());
        };
        match what {
            0 => {
                self.world.note(|| format!("{index} closes"));
                let left = self.viewers[index].close()?;
                self.judge(index, left)?;
            }
            1 => {
                self.world.note(|| format!("{index} leaves {room}"));
                self.viewers[index].leave(room);
            }
            2 => {
                self.world.note(|| format!("{index} joins {room}"));
                self.viewers[index].join(room, from_now);
            }
            3 => {
                // The command line, which rings no doorbell.
                self.world.note(|| format!("another process writes to {room}"));
                self.world.lock().tables.append(room, UserId(1));
            }
            4 => {
                let joins = self.random.percent(60);
                let is_here = self.random.percent(70);
                self.world.note(|| format!("user {} is a member: {joins}", user.0));
                match &self.processes[session.machine] {
                    Some(process) if is_here => process.change_member(user, joins),
                    // The command line.
                    _ => drop(self.world.lock().tables.change_member(user, joins)),
                }
            }
            _ => {
                self.world.note(|| format!("{index} sends to {room}"));
                if let Some(process) = &self.processes[session.machine] {
                    process.send(room, user);
                }
            }
        }
        Ok(())
    }

    fn fail(&mut self) -> Result<(), String> {
        let machine = self.random.below(self.processes.len() as u64) as usize;
        let time = Duration::from_millis(
            self.random.pick(&[100, 1_000, 5_000, 9_000, 30_000]).unwrap_or(0),
        );
        let end = Instant::now() + time;
        let is_running = self.processes[machine].is_some();
        match self.random.below(12) {
            0..2 if is_running => {
                self.world.note(|| format!("{machine} is killed"));
                self.end(machine, Process::clone)?.kill();
                self.repairs.push((end, Repair::Start(machine)));
            }
            2 if is_running && !self.world.lock().machines[machine].gate.is_closed() => {
                self.world.note(|| format!("{machine} stops"));
                self.end(machine, Process::clone)?.stop();
                self.repairs.push((end + Duration::from_secs(3), Repair::Start(machine)));
            }
            3..6 if is_running => {
                self.world.note(|| format!("{machine} is frozen for {time:?}"));
                self.world.lock().machines[machine].gate.close();
                self.repairs.push((end, Repair::Thaw(machine)));
            }
            6..8 => {
                self.world.note(|| format!("{machine} loses the database for {time:?}"));
                self.world.set_reaches_database(machine, false);
                self.repairs.push((end, Repair::Database(machine)));
            }
            8 => {
                self.world.note(|| format!("{machine} loses the doorbell for {time:?}"));
                self.world.set_bell(machine, Bell::IsCut);
                self.repairs.push((end, Repair::Bell(machine)));
            }
            9 => {
                self.world.note(|| format!("{machine} does not hear for {time:?}"));
                self.world.set_bell(machine, Bell::IsSilent);
                self.repairs.push((end, Repair::Bell(machine)));
            }
            10 => {
                self.world.note(|| "the database crashes and comes back".to_owned());
                self.world.lock().tables.crash();
                self.all_excused = Some(Instant::now());
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes a process away, and the connections to it.
    fn end(&mut self, machine: usize, take: fn(&Process) -> Process) -> Result<Process, String> {
        self.excused.insert(machine, Instant::now());
        for index in 0..self.viewers.len() {
            let is_here =
                self.viewers[index].session.as_ref().is_some_and(|it| it.machine == machine);
            if is_here {
                let left = self.viewers[index].close()?;
                self.judge(index, left)?;
            }
        }
        let process = self.processes[machine].as_ref().map(take);
        self.processes[machine] = None;
        process.ok_or_else(|| "no process".to_owned())
    }

    fn repair(&mut self, repair: Repair) {
        self.world.note(|| format!("{repair:?}"));
        match repair {
            Repair::Thaw(machine) => {
                let gate = self.world.lock().machines[machine].gate.clone();
                gate.open();
                // It now tells what it has read before.
                self.excused.insert(machine, Instant::now());
            }
            Repair::Database(machine) => {
                self.world.set_reaches_database(machine, true);
                self.excused.insert(machine, Instant::now());
            }
            Repair::Bell(machine) => self.world.set_bell(machine, Bell::Works),
            Repair::Start(machine) => self.start(machine),
        }
    }

    fn heal(&mut self) {
        let repairs = std::mem::take(&mut self.repairs);
        repairs.into_iter().for_each(|(_, repair)| {
            // A process that has been stopped may stay away, as any process may.
            let stays_away = self.random.percent(50) && self.living().count() > 0;
            if !(matches!(repair, Repair::Start(_)) && stays_away) {
                self.repair(repair);
            }
        });
    }

    pub fn living(&self) -> impl Iterator<Item = usize> {
        let processes = self.processes.iter().enumerate();
        processes.filter(|(_, process)| process.is_some()).map(|(machine, _)| machine)
    }
}
