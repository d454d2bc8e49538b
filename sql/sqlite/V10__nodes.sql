-- PostgreSQL has the tables `nodes` and `presence` from here on. An SQLite file has one server, which needs
-- neither.
SELECT 1;
