//! Tests of the contract of [`Backend`](chatapp::storage::Backend). Each case in the list runs with both
//! databases; the name of a test has the database and the case.

mod accounts;
mod append;
mod attempts;
mod audit;
mod bots;
mod changes;
mod concurrency;
mod drafts;
mod external;
mod fleet;
mod guards;
mod harness;
mod hooks;
mod invites;
mod listing;
mod lost_events;
mod members;
mod message_rows;
mod metadata;
mod migrations;
mod only_postgres;
mod only_sqlite;
mod outgoing_hooks;
mod pages;
mod people;
#[path = "../support/postgres.rs"]
mod postgres_server;
mod properties;
mod reactions;
mod read_positions;
mod reading;
mod retention;
mod rooms;
mod rows;
mod scheduled;
mod search;
mod sessions;
mod status;
mod threads;
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
        rows_that_are_read_can_fill_another_database
        a_copy_of_one_room_has_its_log_and_its_users
        a_copy_of_a_private_room_has_nothing_of_other_rooms
        the_people_of_a_direct_room_are_checked
        what_rows_refer_to_is_checked
        a_database_cannot_be_used_and_filled_at_once
        a_database_filled_at_once_is_complete_or_unchanged
        filling_in_steps_continues_and_the_database_is_sealed_until_its_end
    }
    external {
        a_person_is_found_again_by_issuer_and_subject
        a_taken_name_or_email_is_never_taken_over
        the_account_follows_what_the_product_says
        only_the_product_activates_what_the_product_has_deactivated
        the_last_admin_is_not_deactivated_by_a_product
        one_session_for_one_id_and_a_bounded_one_keeps_its_end
        sign_ins_at_once_create_one_account
        an_account_is_created_for_a_person_once
        a_deleted_account_forgets_its_person
        a_session_for_a_user_is_recorded
    }
    fleet {
        only_a_database_that_servers_share_knows_nodes
        nodes_are_listed_until_they_are_removed_or_silent
        people_are_counted_once_and_leave_with_their_node
        people_are_connected_and_away_node_by_node
        one_node_has_the_jobs_until_its_connection_ends
        a_dead_node_ends_only_a_session_that_holds_the_jobs
        new_events_of_many_rooms_are_read_at_once
    }
    message_rows {
        pruned_messages_take_their_rows_with_them
        a_deleted_account_keeps_only_its_reactions
        the_rows_of_messages_in_a_deleted_room_are_purged_in_steps
    }
    hooks {
        a_hook_is_a_bot_with_a_token_for_its_room
        a_deleted_hook_has_no_token_and_its_bot_has_left
        a_hook_is_refused_where_it_cannot_be
    }
    outgoing_hooks {
        a_hook_is_due_in_rooms_with_new_events
        a_hook_reads_what_its_bot_may_read
        failures_have_a_time_and_can_be_replayed
        only_hooks_that_are_not_paused_run
    }
    bots {
        a_token_is_a_session_with_a_grant
        only_an_active_bot_gets_a_token_and_only_so_many
        a_cursor_moves_forward_up_to_the_end_of_the_log
    }
    scheduled {
        a_message_is_due_at_its_time_until_it_has_ended
        only_its_author_changes_a_message_before_its_time
        the_number_of_messages_of_a_user_is_limited
    }
    drafts {
        a_draft_replaces_the_one_before_in_its_room_or_thread
        drafts_are_listed_where_their_author_may_read
        the_number_of_drafts_of_a_user_is_limited
        a_draft_for_a_thread_goes_with_its_first_message
    }
    metadata {
        accounts_are_found_by_their_metadata
        rooms_are_found_by_their_metadata_where_the_reader_sees_them
        a_change_of_a_rooms_metadata_is_an_event
        messages_are_found_by_their_metadata_in_pages
        metadata_stays_with_a_message_until_it_is_deleted
    }
    retention {
        the_oldest_events_are_pruned_in_steps_up_to_the_first_that_is_kept
        seqs_continue_after_the_whole_log_was_pruned
    }
    migrations {
        in_an_empty_database_everything_is_pending
        migrating_applies_everything_once
        threads_that_migrate_at_once_apply_everything_once
        a_schema_that_a_newer_program_has_extended_can_be_used_but_not_copied
        a_schema_that_needs_a_newer_program_is_refused
        a_newer_schema_in_which_a_known_migration_is_missing_is_refused
        an_epoch_is_random_and_does_not_change
    }
    users {
        a_user_reads_back_as_created
        a_taken_name_or_email_is_a_conflict_whatever_its_case
        only_ascii_letters_have_case
        credentials_are_found_by_name_and_by_email_in_any_case
        only_one_user_can_become_the_first_admin
        one_of_many_simultaneous_callers_becomes_the_first_admin
        a_new_password_revokes_the_other_sessions
        a_new_role_revokes_all_sessions
        deactivation_revokes_all_sessions_and_activation_restores_none
        changes_of_a_missing_user_report_that
    }
    guards {
        what_a_guard_refuses_is_not_done
        a_private_room_does_not_exist_for_others
        a_first_message_is_refused_by_a_room_that_has_become_private
        a_ban_and_a_first_message_at_once_leave_no_member
        a_deleted_account_becomes_no_member
        a_mute_outlives_the_membership
        a_block_allows_no_new_direct_room_with_others
    }
    people {
        a_profile_is_shown_as_it_was_last_changed
        the_directory_finds_active_people_by_a_part_of_a_name
        cards_are_found_by_id
        events_have_the_names_of_now
        a_changed_display_name_is_listed_for_other_processes
        blocks_are_listed_and_lifted
        a_block_is_a_change_of_access_to_the_direct_rooms_of_the_two
        the_last_sight_of_a_person_never_goes_back
        a_deleted_account_has_no_profile_and_no_blocks
    }
    accounts {
        accounts_are_listed_in_order_of_id_with_their_open_sessions
        a_change_returns_the_old_account_and_the_number_of_sessions_it_ended
        the_last_active_admin_cannot_be_removed
        removing_all_admins_at_once_leaves_one
        a_deleted_account_is_empty
        open_sessions_are_listed_newest_first_and_revoked_together
        a_reset_sets_a_password_once
        a_reset_is_taken_by_one_of_many_simultaneous_callers
        an_expired_or_replaced_reset_is_refused
    }
    audit {
        every_act_of_administration_is_recorded
        an_act_without_an_effect_is_not_recorded
        an_act_that_cannot_be_recorded_is_rolled_back
        a_message_of_the_server_is_recorded_with_its_room
        the_log_cannot_be_changed
        entries_are_listed_newest_first_before_an_id
        a_deleted_account_leaves_no_name_in_the_log
    }
    sessions {
        a_session_reads_back_with_the_present_user
        a_session_is_opened_by_the_present_password_only
        a_new_password_revokes_sessions_that_are_opened_at_the_same_time
        a_session_can_be_extended_until_it_is_revoked
        a_session_is_revoked_once
        sessions_revoked_since_a_time_are_listed
        ended_sessions_are_deleted
        a_secret_is_made_once
        threads_that_make_a_secret_at_once_get_the_same_secret
    }
    status {
        a_status_has_counts_and_sizes
        checking_that_writes_work_changes_nothing
        a_log_beyond_its_head_is_damage
    }
    tickets {
        a_ticket_is_taken_once
        a_ticket_is_taken_by_one_of_many_simultaneous_callers
        an_expired_ticket_is_refused
        making_a_ticket_deletes_old_tickets
        tickets_are_deleted_with_their_session_and_when_they_are_old
    }
    attempts {
        attempts_are_counted_up_to_their_limit_in_each_window
        an_attempt_is_counted_for_all_of_its_limits_or_for_none
        an_attempt_that_is_taken_back_does_not_count
        attempts_from_a_known_address_do_not_count_for_the_name
        a_small_difference_of_clocks_does_not_begin_a_window_and_a_large_one_does
        of_attempts_at_once_exactly_the_limit_is_counted
        old_counters_and_addresses_are_deleted
    }
    rooms {
        a_room_reads_back_as_created
        a_taken_name_is_a_conflict_whatever_its_case
        rooms_are_listed_in_order_of_id
        a_room_is_found_by_its_name_whatever_its_case
        a_change_of_a_room_is_one_event_of_its_log
        a_room_cannot_take_the_name_of_another
        nothing_is_sent_to_an_archived_room
        a_deleted_room_is_hidden_at_once
        the_rows_of_a_deleted_room_are_purged_in_steps
        rooms_changed_by_other_processes_are_listed
        writes_of_another_process_change_the_data_version
        ids_are_never_given_twice
    }
    members {
        the_creator_of_a_room_is_its_owner
        people_join_and_leave
        a_banned_user_cannot_join_until_the_ban_ends
        a_room_keeps_an_owner
        only_lower_roles_are_changed
        a_member_is_muted_and_unmuted
        the_people_of_a_direct_room_are_fixed
        a_direct_room_that_is_opened_at_once_is_one_room
        a_hidden_room_appears_again_with_its_next_event
        many_people_are_several_events
        members_are_listed_in_pages_and_found_by_name
        audiences_name_the_members_of_closed_rooms
        ids_of_closed_rooms_and_of_their_events_leave_no_gaps_in_the_others
        ids_grow_with_the_seqs_of_a_room
        the_first_message_makes_its_sender_a_member
        a_name_belongs_to_one_public_room_and_to_any_number_of_private_ones
        auto_join_lists_open_public_rooms
        a_deleted_account_leaves_its_rooms
        changes_of_members_at_once_leave_no_gap
    }
    listing {
        a_reader_sees_public_rooms_and_the_rooms_of_its_own
        a_selection_agrees_with_a_model
        history_before_the_membership_is_not_unread
        a_page_of_few_rooms_among_many_is_quick
    }
    invites {
        an_invite_reads_back_as_made
        an_invite_makes_a_member_once
        an_invite_gives_its_role_and_no_higher_one_than_moderator
        of_many_simultaneous_callers_as_many_as_allowed_use_an_invite
        an_invite_that_ended_is_refused
        an_invite_ends_with_the_rights_of_its_creator
        an_invited_account_is_created_together_with_its_membership
        a_room_has_a_limited_number_of_open_invites
    }
    append {
        seqs_are_contiguous_in_each_room
        an_empty_batch_stores_nothing
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
        a_deleted_text_is_removed_from_the_log_too
        a_deletion_by_an_admin_is_recorded
        a_refused_change_has_a_reason
        simultaneous_changes_and_messages_leave_no_gap
    }
    search {
        words_and_phrases_of_every_script_are_found
        a_search_is_narrowed_down
        threads_reactions_and_pins_narrow_a_search_down
        pages_go_through_public_and_closed_rooms_by_time
        only_what_the_reader_may_read_is_found
        edits_and_deletions_reach_the_index
        the_index_follows_the_logs_and_can_be_made_again
        a_common_word_is_found_through_the_whole_index
        searches_agree_with_a_model
        times_at_the_ends_of_the_numbers
    }
    read_positions {
        a_position_moves_on_and_never_back
        a_position_is_moved_back_and_never_on
        positions_agree_with_a_model
        processes_that_move_positions_at_once_do_not_block_each_other
    }
    reading {
        a_room_that_was_never_read_has_no_unread_count
        a_member_who_never_read_has_unread_what_came_after_joining
        unread_counts_agree_with_a_model
        the_number_of_counted_messages_is_limited
        the_number_of_scanned_events_is_limited
        pruned_events_are_not_scanned
    }
    reactions {
        reactions_are_shown_in_the_order_of_their_first_use
        reactions_that_come_together_are_one_event
        a_reaction_that_is_refused_fails_alone
        a_deleted_message_has_no_reactions_and_no_pin
        pruned_messages_take_their_reactions_along
        pins_are_events_and_a_room_has_a_limited_number
        reactions_at_once_agree_with_the_log
        reactions_agree_with_a_model
    }
    threads {
        replies_are_in_the_log_and_not_on_the_page_of_the_room
        a_summary_follows_deletions_and_the_reader
        what_a_reply_or_a_quote_names_must_be_there
        a_reply_is_stored_once_and_in_the_order_of_its_batch
        replies_at_once_have_contiguous_seqs
        who_takes_part_in_a_thread_follows_it
        followed_threads_are_listed_by_their_newest_reply
        mentions_are_listed_for_those_who_may_read_them
        mentions_in_threads_are_unread_until_the_thread_is_read
        only_accounts_that_may_read_a_room_can_be_mentioned
        threads_do_not_outlive_their_first_message
        unread_threads_agree_with_a_model
        a_page_has_the_parts_of_its_own_messages
    }
    pages {
        an_unknown_room_has_no_page
        an_empty_room_has_an_empty_page
        the_newest_page
        the_page_before
        the_page_after
        the_page_around
        cursors_at_the_ends_of_the_numbers
        events_after_a_cursor
        only_messages_are_on_pages
    }
    properties {
        the_log_agrees_with_a_model
        the_log_of_changes_agrees_with_a_model
        walking_the_pages_gives_the_log
        pages_of_a_visible_part_agree_with_a_model
    }
    concurrency {
        writers_with_handles_of_their_own_leave_no_gap
        senders_of_the_same_client_id_store_it_once
        batches_over_rooms_in_any_order_do_not_block_each_other
        a_reader_at_the_head_misses_nothing_while_writers_stall
        a_page_and_its_head_are_from_one_snapshot
        a_stalled_writer_makes_other_writers_busy_and_does_not_block_reads
    }
}
