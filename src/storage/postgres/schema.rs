//! The version of the database: its migrations, its shortcomings and its identity.

use super::super::backend::Schema;
use super::super::copy_target::check_seal;
use super::super::{Error, Migration, Result, ServerFacts, Shortcoming};
use super::{Postgres, exposure, migrations, session, shortcomings};

impl Schema for Postgres {
    fn list_migrations(&self) -> Result<Vec<Migration>> {
        self.read(migrations::list_migrations)
    }

    fn migrate(&self) -> Result<Vec<Migration>> {
        let shortcomings = self.list_shortcomings()?;
        if let Some(fatal) = shortcomings.into_iter().find(|shortcoming| shortcoming.is_fatal) {
            let Shortcoming { detail, advice, .. } = fatal;
            return Err(Error::Unavailable(format!("{detail}: {advice}")).of(&self.name));
        }
        let migrated = session::connect_in_time(&self.target)
            .map_err(Error::from)
            .and_then(|mut client| migrations::migrate(&mut client));
        migrated.map_err(|error| error.of(&self.name))
    }

    fn list_shortcomings(&self) -> Result<Vec<Shortcoming>> {
        let mut found = self.read(shortcomings::list_shortcomings)?;
        found.extend(exposure::find(&self.target));
        Ok(found)
    }

    fn get_compatible_from(&self) -> Result<i32> {
        self.read(migrations::get_compatible_from)
    }

    fn get_server_facts(&self) -> Result<ServerFacts> {
        let facts = self.read(|db| {
            let row = db.query_one("SELECT epoch, sealed FROM server WHERE id = 1", &[])?;
            check_seal(row.get(1))?;
            Ok(ServerFacts { epoch: row.get(0) })
        })?;
        self.manager.expect_epoch(&facts.epoch);
        Ok(facts)
    }
}
