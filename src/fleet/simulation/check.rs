//! What must be true of a run: at any moment, and after a quiet time.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::link::name_of;
use super::schedule::{QUIET, Run};
use super::tables::Loss;
use super::viewer::{Departure, SETTLED, Viewer};
use crate::model::UserId;

/// Two nodes may run the jobs for so long: the one whose connection was lost notices with its next heartbeat.
const BOTH_HAVE_JOBS: Duration = Duration::from_secs(3);

impl Run {
    /// What must be true at any moment.
    pub fn look(&mut self) -> Result<(), String> {
        let losses = std::mem::take(&mut self.world.lock().tables.losses);
        for (name, loss) in losses {
            self.world.note(|| format!("{name}: {loss:?}"));
            if loss == Loss::RemovedByOther {
                return Err(format!("{name} was removed by another node, and lives"));
            }
            let machine = (0..self.processes.len()).find(|&it| name_of(it) == name);
            if let Some(machine) = machine {
                self.excused.insert(machine, Instant::now());
            }
        }
        for index in 0..self.viewers.len() {
            let left = self.viewers[index].read()?;
            self.judge(index, left)?;
            self.look_at_heard(index)?;
        }
        self.look_at_jobs()
    }

    /// Nobody receives anything of a room that the user has not seen since.
    fn look_at_heard(&mut self, index: usize) -> Result<(), String> {
        let viewer = &mut self.viewers[index];
        let state = self.world.lock();
        for (room, seq) in viewer.heard.drain(..) {
            if !state.tables.has_seen(room, seq, viewer.user) {
                return Err(format!("user {} heard of {seq} in {room}", viewer.user.0));
            }
        }
        Ok(())
    }

    fn look_at_jobs(&mut self) -> Result<(), String> {
        let with_jobs = self.world.jobs();
        if with_jobs.len() < 2 {
            self.jobs_overlap_since = None;
        } else {
            let since = *self.jobs_overlap_since.get_or_insert_with(Instant::now);
            if since.elapsed() > BOTH_HAVE_JOBS {
                return Err(format!("{with_jobs:?} all run the jobs"));
            }
        }
        let can_work = |&machine: &usize| {
            let state = self.world.lock();
            let machine = &state.machines[machine];
            machine.reaches_database && !machine.gate.is_closed()
        };
        let able: BTreeSet<usize> = self.living().filter(can_work).collect();
        // Counted while the same nodes are able to.
        if !with_jobs.is_empty() || able.is_empty() || !self.able.is_subset(&able) {
            self.jobs_idle_since = None;
        }
        self.able = able;
        if with_jobs.is_empty() && !self.able.is_empty() {
            let since = *self.jobs_idle_since.get_or_insert_with(Instant::now);
            if since.elapsed() > QUIET {
                return Err(format!("none of {:?} runs the jobs", self.able));
            }
        }
        Ok(())
    }

    /// A person whose node has done nothing wrong is not said to have left.
    pub fn judge(&self, reader: usize, departures: Vec<Departure>) -> Result<(), String> {
        let is_recent = |at: &Instant| at.elapsed() < SETTLED;
        let is_excused = |viewer: &Viewer| {
            let machine = viewer.session.as_ref().map(|session| session.machine);
            machine.is_none_or(|it| {
                let is_cut_off = {
                    let state = self.world.lock();
                    let machine = &state.machines[it];
                    machine.gate.is_closed() || !machine.reaches_database
                };
                is_cut_off || self.excused.get(&it).is_some_and(is_recent)
            })
        };
        if self.all_excused.as_ref().is_some_and(is_recent) || is_excused(&self.viewers[reader]) {
            return Ok(());
        }
        let secret = self.world.lock().tables.secret;
        // From the secret room people are removed.
        for Departure { room, user } in departures.into_iter().filter(|it| it.room != secret) {
            let is_there = |viewer: &Viewer| {
                viewer.user == user && viewer.is_settled(room) && !is_excused(viewer)
            };
            if self.viewers.iter().any(is_there) {
                return Err(format!("user {} was said to have left {room}, and was there", user.0));
            }
        }
        Ok(())
    }

    /// What must be true after a quiet time.
    pub fn check_end(&self) -> Result<(), String> {
        let living: BTreeSet<usize> = self.living().collect();
        let with_jobs = self.world.jobs();
        if with_jobs.len() != 1 || !with_jobs.is_subset(&living) {
            return Err(format!("{with_jobs:?} run the jobs"));
        }
        for &room in &self.rooms {
            let is_there = |viewer: &&Viewer| viewer.rooms().any(|(id, _)| id == room);
            let people: BTreeSet<UserId> =
                self.viewers.iter().filter(is_there).map(|viewer| viewer.user).collect();
            let state = self.world.lock();
            let stored = state.tables.people(room);
            if stored != people {
                return Err(format!("{people:?} are in {room}, and the database has {stored:?}"));
            }
            let head = state.tables.head(room);
            for (index, viewer) in self.viewers.iter().enumerate() {
                let Some((_, joined)) = viewer.rooms().find(|(id, _)| *id == room) else {
                    continue;
                };
                if !state.tables.sees(room, viewer.user) {
                    return Err(format!("{index} is in {room}, and may not see it"));
                }
                if joined.people.as_ref() != Some(&people) {
                    let seen = &joined.people;
                    return Err(format!("{people:?} are in {room}, and {index} sees {seen:?}"));
                }
                let position = viewer.position(room);
                if position != head {
                    return Err(format!("{index} has {position} events of {head} in {room}"));
                }
            }
        }
        Ok(())
    }
}
