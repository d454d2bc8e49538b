//! The contract of [`Backend`](chatapp::storage::Backend), held against every database from one
//! list. A failing test's name says which database and which case.

mod accounts;
mod append;
mod audit;
mod changes;
mod concurrency;
mod harness;
mod migrations;
mod only_postgres;
mod only_sqlite;
mod pages;
#[path = "../support/postgres.rs"]
mod postgres_server;
mod properties;
mod read_positions;
mod reading;
mod retention;
mod rooms;
mod rows;
mod sessions;
mod status;
mod tickets;
mod users;

macro_rules! contract {
    ($($area:ident { $($case:ident)* })*) => {
        mod sqlite {
            $(mod $area { $(
                #[test]
                fn $case() {
                    crate::$area::$case(&crate::harness::sqlite());
                }
            )* })*
        }

        mod postgres {
            $(mod $area { $(
                #[test]
                fn $case() {
                    crate::$area::$case(&crate::harness::postgres());
                }
            )* })*
        }
    };
}

contract! {
    rows {
        every_column_is_copied_or_left_out_on_purpose
        what_is_read_is_what_another_database_is_filled_with
        a_room_alone_has_its_log_and_its_people
        a_database_in_use_is_not_filled_and_one_being_filled_not_used
        what_is_filled_at_once_is_whole_or_as_it_was
        what_is_filled_in_steps_goes_on_and_is_not_used_before_its_end
    }
    retention {
        the_oldest_events_go_in_pieces_up_to_the_first_that_is_kept
        a_log_that_is_all_gone_goes_on_counting
    }
    migrations {
        in_an_empty_database_everything_is_pending
        migrating_applies_everything_once
        threads_that_migrate_at_once_apply_everything_once
        a_newer_schema_is_refused
        an_epoch_is_random_and_stays
    }
    users {
        a_user_reads_back_as_created
        a_taken_name_or_email_is_a_conflict_whatever_its_case
        only_ascii_letters_have_case
        credentials_are_found_by_name_and_by_email_in_any_case
        only_one_can_be_the_first_admin
        of_many_who_would_be_the_first_admin_at_once_one_is
        a_new_password_revokes_the_other_sessions
        a_new_role_revokes_all_sessions
        deactivation_revokes_all_sessions_and_activation_restores_none
        what_is_done_to_nobody_says_so
    }
    accounts {
        accounts_are_listed_in_order_of_id_with_their_open_sessions
        a_change_says_what_was_before_and_how_many_open_sessions_it_ended
        the_last_active_admin_stays_one
        of_admins_who_go_at_once_one_is_left
        a_deleted_account_is_empty
        open_sessions_are_listed_newest_first_and_revoked_together
        a_reset_sets_a_password_once
        of_many_who_take_a_reset_at_once_one_does
        a_reset_is_worth_nothing_when_it_is_late_or_replaced
    }
    audit {
        every_act_is_recorded_as_it_was_done
        what_does_not_happen_is_not_recorded
        without_its_record_an_act_is_rolled_back
        the_log_cannot_be_changed
        entries_are_listed_newest_first_from_one_on
        a_deleted_account_leaves_no_name_in_the_log
    }
    sessions {
        a_session_reads_back_with_its_user_as_it_is_now
        a_session_is_opened_by_the_password_of_now
        a_new_password_misses_no_session_that_is_being_opened
        a_session_can_be_extended_until_it_is_revoked
        a_session_is_revoked_once
        revoked_sessions_are_listed_from_a_moment_on
        ended_sessions_are_forgotten_after_a_moment
        a_secret_is_made_once
        threads_that_make_a_secret_at_once_get_the_same
    }
    status {
        a_status_says_what_is_there
        trying_to_write_changes_nothing
        a_log_beyond_its_head_is_damage
    }
    tickets {
        a_ticket_is_taken_once
        of_many_who_take_a_ticket_at_once_one_gets_it
        an_expired_ticket_is_worth_nothing
        who_makes_a_ticket_clears_away_old_ones
        tickets_go_with_their_session_and_when_they_are_old
    }
    rooms {
        a_room_reads_back_as_created
        a_taken_name_is_a_conflict_whatever_its_case
        rooms_are_listed_in_order_of_id
        a_room_is_found_by_its_name_whatever_its_case
        a_change_of_a_room_is_one_event_of_its_log
        a_room_cannot_take_the_name_of_another
        nothing_is_sent_to_an_archived_room
        a_deleted_room_is_gone_at_once
        what_a_deleted_room_left_goes_bit_by_bit
        rooms_that_others_changed_are_listed
        what_another_process_writes_is_noticed
        ids_are_never_given_twice
    }
    append {
        seqs_are_contiguous_in_each_room
        an_empty_batch_is_nothing
        a_message_reads_back_as_sent
        an_unknown_room_or_user_fails_alone
        a_client_id_seen_before_gives_the_original
        a_client_id_seen_in_the_same_batch_gives_the_original
        a_client_id_belongs_to_one_user_in_one_room
        a_message_that_cannot_be_stored_fails_alone
    }
    changes {
        an_edit_changes_the_message_and_is_an_event
        the_same_text_again_changes_nothing
        what_is_deleted_is_gone_from_the_log_too
        a_deletion_is_recorded_with_it
        what_cannot_be_changed_says_why
        changes_and_messages_at_once_leave_no_gap
    }
    read_positions {
        a_position_moves_on_and_never_back
        processes_that_move_positions_at_once_do_not_block_each_other
    }
    reading {
        of_a_room_never_read_nothing_is_unread
        what_is_unread_is_what_a_model_says
        no_more_than_so_many_are_counted
        no_more_than_so_many_events_are_looked_at
        of_a_pruned_room_the_events_that_are_left_are_looked_at
    }
    pages {
        of_an_unknown_room_there_is_no_page
        of_an_empty_room_the_page_is_empty
        the_newest_page
        the_page_before
        the_page_after
        the_page_around
        cursors_at_the_ends_of_the_numbers
        events_after_a_cursor
        only_messages_are_on_pages
    }
    properties {
        the_log_is_what_a_model_says
        the_log_of_changes_is_what_a_model_says
        walking_the_pages_gives_the_log
    }
    concurrency {
        writers_with_handles_of_their_own_leave_no_gap
        senders_of_the_same_client_id_store_it_once
        batches_over_rooms_in_any_order_do_not_block_each_other
        a_tailing_reader_misses_nothing_while_writers_stall
        a_page_and_its_head_are_of_one_snapshot
        a_stalled_writer_makes_others_busy_and_reads_live_on
    }
}
