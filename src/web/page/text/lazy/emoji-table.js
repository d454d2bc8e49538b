// Made from emojibase-data 17.0.0 (MIT licence, © Miles Johnson), which has the emoji of Unicode, the short names of
// GitHub and Slack, and keywords of CLDR: `npm run emoji` in tests/browser writes it anew.

/** `# group`, or an emoji with its short names, and keywords after a semicolon. `*`: it has skin tones. */
export const EMOJI = `
# smileys-emotion
😀 grinning; smiling
😃 smiley; smiling
😄 smile; smiling
😁 grin; smiling
😆 laughing satisfied; smiling
😅 sweat_smile; smiling
🤣 rofl rolling_on_the_floor_laughing; happy
😂 joy; happy
🙂 slightly_smiling_face; happy
🙃 upside_down_face; hehe
🫠 melting_face; hot
😉 wink; flirt
😊 blush; smiling
😇 innocent; smiling
🥰 smiling_face_with_three_hearts smiling_face_with_3_hearts; ily
😍 heart_eyes; ily
🤩 star_struck grinning_face_with_star_eyes; excited
😘 kissing_heart; ily
😗 kissing; ily
☺️ relaxed; smiling
😚 kissing_closed_eyes; ily
😙 kissing_smiling_eyes; ily
🥲 smiling_face_with_tear; happy
😋 yum; smiling
😛 stuck_out_tongue; sweet
😜 stuck_out_tongue_winking_eye; party
🤪 zany_face grinning_face_with_one_large_and_one_small_eye; crazy
😝 stuck_out_tongue_closed_eyes; omg
🤑 money_mouth_face; paid
🤗 hugs hugging_face; smiling
🤭 hand_over_mouth face_with_hand_over_mouth smiling_face_with_smiling_eyes_and_hand_covering_mouth; secret
🫢 face_with_open_eyes_and_hand_over_mouth; omg
🫣 face_with_peeking_eye; scared
🤫 shushing_face face_with_finger_covering_closed_lips; quiet
🤔 thinking thinking_face; hmm
🫡 saluting_face; good
🤐 zipper_mouth_face; secret
🤨 raised_eyebrow face_with_raised_eyebrow face_with_one_eyebrow_raised; surprise
😐 neutral_face; whatever
😑 expressionless; omg
😶 no_mouth; secret
🫥 dotted_line_face; whatever
😶‍🌫️ face_in_clouds; head
😏 smirk; flirt
😒 unamused; whatever
🙄 roll_eyes face_with_rolling_eyes; whatever
😬 grimacing; smiling
😮‍💨 face_exhaling; smoke
🤥 lying_face
🫨 shaking_face; omg
🙂‍↔️ head_shaking_horizontally; shake
🙂‍↕️ head_shaking_vertically; yes
😌 relieved; peace
😔 pensive; sad
😪 sleepy; sad
🤤 drooling_face
😴 sleeping; whatever
🫩 face_with_bags_under_eyes; tired
😷 mask; cold
🤒 face_with_thermometer; sick
🤕 face_with_head_bandage; hurt
🤢 nauseated_face; sick
🤮 vomiting_face face_vomiting face_with_open_mouth_vomiting; sick
🤧 sneezing_face; sick
🥵 hot_face; heat
🥶 cold_face; blue
🥴 woozy_face; eyes
😵 dizzy_face; eyes
😵‍💫 face_with_spiral_eyes; omg
🤯 exploding_head shocked_face_with_exploding_head; way
🤠 cowboy_hat_face face_with_cowboy_hat
🥳 partying_face; happy
🥸 disguised_face; glasses
😎 sunglasses; beach
🤓 nerd_face; glasses
🧐 monocle_face face_with_monocle; fancy
😕 confused; sad
🫤 face_with_diagonal_mouth; whatever
😟 worried; sad
🙁 slightly_frowning_face; sad
☹️ frowning_face white_frowning_face; sad
😮 open_mouth; omg
😯 hushed; omg
😲 astonished; omg
😳 flushed; dead
🥺 pleading_face; eyes
🥹 face_holding_back_tears; sad
😦 frowning; open
😧 anguished; unhappy
😨 fearful; scared
😰 cold_sweat; open
😥 disappointed_relieved; sad
😢 cry; sad
😭 sob; sad
😱 scream; scared
😖 confounded; sad
😣 persevere; headache
😞 disappointed; sad
😓 sweat; sad
😩 weary; sad
😫 tired_face; sad
🥱 yawning_face; whatever
😤 triumph; feels
😡 pout rage; red
😠 angry; feels
🤬 cursing_face face_with_symbols_on_mouth serious_face_with_symbols_covering_mouth; mad
😈 smiling_imp; evil
👿 imp; evil
💀 skull; dead
☠️ skull_and_crossbones; dead
💩 hankey poop shit; comic
🤡 clown_face
👹 japanese_ogre; monster
👺 japanese_goblin; monster
👻 ghost; excited
👽 alien; monster
👾 space_invader; monster
🤖 robot robot_face; monster
😺 smiley_cat; smiling
😸 smile_cat; smiling
😹 joy_cat; tear
😻 heart_eyes_cat; smiling
😼 smirk_cat
😽 kissing_cat; eyes
🙀 scream_cat; oh
😿 crying_cat_face; sad
😾 pouting_cat
🙈 see_no_evil; omg
🙉 hear_no_evil; forbidden
🙊 speak_no_evil; forbidden
💌 love_letter; romance
💘 cupid; ily
💝 gift_heart; ily
💖 sparkling_heart; ily
💗 heartpulse; ily
💓 heartbeat; ily
💞 revolving_hearts; emotion
💕 two_hearts; ily
💟 heart_decoration; emotion
❣️ heavy_heart_exclamation heavy_heart_exclamation_mark_ornament; punctuation
💔 broken_heart; emotion
❤️‍🔥 heart_on_fire; burn
❤️‍🩹 mending_heart; well
❤️ heart; red
🩷 pink_heart; ily
🧡 orange_heart
💛 yellow_heart; ily
💚 green_heart; ily
💙 blue_heart; ily
🩵 light_blue_heart; ily
💜 purple_heart; ily
🤎 brown_heart
🖤 black_heart; evil
🩶 grey_heart; ily
🤍 white_heart
💋 kiss; emotion
💯 100; point
💢 anger; comic
💥 boom collision; comic
💫 dizzy; comic
💦 sweat_drops; water
💨 dash; fast
🕳️ hole
💬 speech_balloon; comic
👁️‍🗨️ eye_speech_bubble eye-in-speech-bubble; balloon
🗨️ left_speech_bubble; balloon
🗯️ right_anger_bubble; mad
💭 thought_balloon; cloud
💤 zzz; comic
# people-body
👋* wave; you
🤚* raised_back_of_hand
🖐️* raised_hand_with_fingers_splayed; stop
✋* hand raised_hand; stop
🖖* vulcan_salute spock-hand; finger
🫱* rightwards_hand; hold
🫲* leftwards_hand; hold
🫳* palm_down_hand; pick
🫴* palm_up_hand; hold
🫷* leftwards_pushing_hand; hold
🫸* rightwards_pushing_hand; hold
👌* ok_hand; sweet
🤌* pinched_fingers; hold
🤏* pinching_hand; small
✌️* v; peace
🤞* crossed_fingers hand_with_index_and_middle_fingers_crossed; luck
🫰* hand_with_index_finger_and_thumb_crossed; money
🤟* love_you_gesture i_love_you_hand_sign; fingers
🤘* metal the_horns sign_of_the_horns; finger
🤙* call_me_hand
👈* point_left; finger
👉* point_right; finger
👆* point_up_2; finger
🖕* fu middle_finger reversed_hand_with_middle_finger_extended
👇* point_down; finger
☝️* point_up; finger
🫵* index_pointing_at_the_viewer; finger
👍* +1 thumbsup; good
👎* -1 thumbsdown
✊* fist fist_raised; clenched
👊* facepunch fist_oncoming punch; rock
🤛* fist_left left-facing_fist
🤜* fist_right right-facing_fist
👏* clap; good
🙌* raised_hands; raising
🫶* heart_hands; you
👐* open_hands; hug
🤲* palms_up_together; hands
🤝* handshake; shake
🙏* pray; five
✍️* writing_hand
💅* nail_care; whatever
🤳* selfie; phone
💪* muscle; bro
🦾 mechanical_arm; prosthetic
🦿 mechanical_leg; prosthetic
🦵* leg; kick
🦶* foot; kick
👂* ear; sound
🦻* ear_with_hearing_aid
👃* nose; body
🧠 brain; intelligent
🫀 anatomical_heart; red
🫁 lungs; organ
🦷 tooth; teeth
🦴 bone; dog
👀 eyes; omg
👁️ eye; body
👅 tongue; body
👄 lips; kiss
🫦 biting_lip; kiss
👶* baby; newborn
🧒* child; young
👦* boy; young
👧* girl; young
🧑* adult
👱* blond_haired_person person_with_blond_hair
👨* man; bro
🧔* bearded_person; whiskers
🧔‍♂️* man_beard man_with_beard; whiskers
🧔‍♀️* woman_beard woman_with_beard; whiskers
👨‍🦰* red_haired_man; bro
👨‍🦱* curly_haired_man; bro
👨‍🦳* white_haired_man; bro
👨‍🦲* bald_man; bro
👩* woman; lady
👩‍🦰* red_haired_woman; lady
🧑‍🦰* person_red_hair red_haired_person
👩‍🦱* curly_haired_woman; lady
🧑‍🦱* person_curly_hair curly_haired_person
👩‍🦳* white_haired_woman; lady
🧑‍🦳* person_white_hair white_haired_person
👩‍🦲* bald_woman; lady
🧑‍🦲* person_bald bald_person
👱‍♀️* blond_haired_woman blonde_woman
👱‍♂️* blond_haired_man
🧓* older_adult; wise
👴* older_man; bald
👵* older_woman; lady
🙍* frowning_person person_frowning; disappointed
🙍‍♂️* frowning_man man-frowning; disappointed
🙍‍♀️* frowning_woman woman-frowning; disappointed
🙎* pouting_face person_with_pouting_face; disappointed
🙎‍♂️* pouting_man man-pouting; disappointed
🙎‍♀️* pouting_woman woman-pouting; disappointed
🙅* no_good; forbidden
🙅‍♂️* ng_man no_good_man man-gesturing-no; forbidden
🙅‍♀️* ng_woman no_good_woman woman-gesturing-no; forbidden
🙆* ok_person ok_woman; omg
🙆‍♂️* ok_man man-gesturing-ok; omg
🙆‍♀️* ok_woman woman-gesturing-ok; omg
💁* information_desk_person tipping_hand_person; whatever
💁‍♂️* sassy_man tipping_hand_man man-tipping-hand; whatever
💁‍♀️* sassy_woman tipping_hand_woman woman-tipping-hand; whatever
🙋* raising_hand; pick
🙋‍♂️* raising_hand_man man-raising-hand; pick
🙋‍♀️* raising_hand_woman woman-raising-hand; pick
🧏* deaf_person; ear
🧏‍♂️* deaf_man; ear
🧏‍♀️* deaf_woman; ear
🙇* bow; meditation
🙇‍♂️* bowing_man man-bowing; meditation
🙇‍♀️* bowing_woman woman-bowing; meditation
🤦* facepalm face_palm; omg
🤦‍♂️* man_facepalming; omg
🤦‍♀️* woman_facepalming; omg
🤷* shrug; whatever
🤷‍♂️* man_shrugging; whatever
🤷‍♀️* woman_shrugging; whatever
🧑‍⚕️* health_worker; doctor
👨‍⚕️* man_health_worker male-doctor; nurse
👩‍⚕️* woman_health_worker female-doctor; nurse
🧑‍🎓* student; graduate
👨‍🎓* man_student male-student; graduate
👩‍🎓* woman_student female-student; graduate
🧑‍🏫* teacher; instructor
👨‍🏫* man_teacher male-teacher; instructor
👩‍🏫* woman_teacher female-teacher; instructor
🧑‍⚖️* judge; law
👨‍⚖️* man_judge male-judge; law
👩‍⚖️* woman_judge female-judge; law
🧑‍🌾* farmer; gardener
👨‍🌾* man_farmer male-farmer; gardener
👩‍🌾* woman_farmer female-farmer; gardener
🧑‍🍳* cook; chef
👨‍🍳* man_cook male-cook; chef
👩‍🍳* woman_cook female-cook; chef
🧑‍🔧* mechanic; plumber
👨‍🔧* man_mechanic male-mechanic; plumber
👩‍🔧* woman_mechanic female-mechanic; plumber
🧑‍🏭* factory_worker; assembly
👨‍🏭* man_factory_worker male-factory-worker; assembly
👩‍🏭* woman_factory_worker female-factory-worker; assembly
🧑‍💼* office_worker; business
👨‍💼* man_office_worker male-office-worker; business
👩‍💼* woman_office_worker female-office-worker; business
🧑‍🔬* scientist; biologist
👨‍🔬* man_scientist male-scientist; biologist
👩‍🔬* woman_scientist female-scientist; biologist
🧑‍💻* technologist; computer
👨‍💻* man_technologist male-technologist; computer
👩‍💻* woman_technologist female-technologist; computer
🧑‍🎤* singer; star
👨‍🎤* man_singer male-singer; star
👩‍🎤* woman_singer female-singer; star
🧑‍🎨* artist; palette
👨‍🎨* man_artist male-artist; palette
👩‍🎨* woman_artist female-artist; palette
🧑‍✈️* pilot; plane
👨‍✈️* man_pilot male-pilot; plane
👩‍✈️* woman_pilot female-pilot; plane
🧑‍🚀* astronaut; rocket
👨‍🚀* man_astronaut male-astronaut; rocket
👩‍🚀* woman_astronaut female-astronaut; rocket
🧑‍🚒* firefighter; firetruck
👨‍🚒* man_firefighter male-firefighter; firetruck
👩‍🚒* woman_firefighter female-firefighter; firetruck
👮* cop police_officer; law
👮‍♂️* policeman male-police-officer; law
👮‍♀️* policewoman female-police-officer; law
🕵️* detective sleuth_or_spy
🕵️‍♂️* male_detective; spy
🕵️‍♀️* female_detective; spy
💂* guard guardsman; helmet
💂‍♂️* guardsman male-guard; helmet
💂‍♀️* guardswoman female-guard; helmet
🥷* ninja; secret
👷* construction_worker; hat
👷‍♂️* construction_worker_man male-construction-worker; hat
👷‍♀️* construction_worker_woman female-construction-worker; hat
🫅* person_with_crown; royal
🤴* prince; royal
👸* princess; royal
👳* person_with_turban man_with_turban; wearing
👳‍♂️* man_with_turban man-wearing-turban
👳‍♀️* woman_with_turban woman-wearing-turban
👲* man_with_gua_pi_mao; hat
🧕* woman_with_headscarf person_with_headscarf
🤵* person_in_tuxedo; wedding
🤵‍♂️* man_in_tuxedo; wedding
🤵‍♀️* woman_in_tuxedo; wedding
👰* person_with_veil bride_with_veil; wedding
👰‍♂️* man_with_veil; wedding
👰‍♀️* bride_with_veil woman_with_veil; wedding
🤰* pregnant_woman
🫃* pregnant_man; full
🫄* pregnant_person; full
🤱* breast_feeding; baby
👩‍🍼* woman_feeding_baby; newborn
👨‍🍼* man_feeding_baby; newborn
🧑‍🍼* person_feeding_baby; newborn
👼* angel; baby
🎅* santa; christmas
🤶* mrs_claus mother_christmas; holiday
🧑‍🎄* mx_claus; christmas
🦸* superhero; good
🦸‍♂️* superhero_man male_superhero; good
🦸‍♀️* superhero_woman female_superhero; good
🦹* supervillain; evil
🦹‍♂️* supervillain_man male_supervillain; evil
🦹‍♀️* supervillain_woman female_supervillain; evil
🧙* mage; magic
🧙‍♂️* mage_man male_mage; magic
🧙‍♀️* mage_woman female_mage; magic
🧚* fairy; myth
🧚‍♂️* fairy_man male_fairy; myth
🧚‍♀️* fairy_woman female_fairy; myth
🧛* vampire; halloween
🧛‍♂️* vampire_man male_vampire; halloween
🧛‍♀️* vampire_woman female_vampire; halloween
🧜* merperson; ocean
🧜‍♂️* merman; ocean
🧜‍♀️* mermaid; ocean
🧝* elf; magic
🧝‍♂️* elf_man male_elf; magic
🧝‍♀️* elf_woman female_elf; magic
🧞 genie; myth
🧞‍♂️ genie_man male_genie; myth
🧞‍♀️ genie_woman female_genie; myth
🧟 zombie; dead
🧟‍♂️ zombie_man male_zombie; dead
🧟‍♀️ zombie_woman female_zombie; dead
🧌 troll; monster
💆* massage; relax
💆‍♂️* massage_man man-getting-massage; relax
💆‍♀️* massage_woman woman-getting-massage; relax
💇* haircut; cut
💇‍♂️* haircut_man man-getting-haircut; cut
💇‍♀️* haircut_woman woman-getting-haircut; cut
🚶* walking; pedestrian
🚶‍♂️* walking_man man-walking; pedestrian
🚶‍♀️* walking_woman woman-walking; pedestrian
🚶‍➡️* person_walking_facing_right; pedestrian
🚶‍♀️‍➡️* woman_walking_facing_right; pedestrian
🚶‍♂️‍➡️* man_walking_facing_right; pedestrian
🧍* standing_person
🧍‍♂️* standing_man man_standing
🧍‍♀️* standing_woman woman_standing
🧎* kneeling_person; knees
🧎‍♂️* kneeling_man man_kneeling; knees
🧎‍♀️* kneeling_woman woman_kneeling; knees
🧎‍➡️* person_kneeling_facing_right; knees
🧎‍♀️‍➡️* woman_kneeling_facing_right; knees
🧎‍♂️‍➡️* man_kneeling_facing_right; knees
🧑‍🦯* person_with_probing_cane; blind
🧑‍🦯‍➡️* person_with_white_cane_facing_right; blind
👨‍🦯* man_with_probing_cane; blind
👨‍🦯‍➡️* man_with_white_cane_facing_right; blind
👩‍🦯* woman_with_probing_cane; blind
👩‍🦯‍➡️* woman_with_white_cane_facing_right; blind
🧑‍🦼* person_in_motorized_wheelchair
🧑‍🦼‍➡️* person_in_motorized_wheelchair_facing_right
👨‍🦼* man_in_motorized_wheelchair
👨‍🦼‍➡️* man_in_motorized_wheelchair_facing_right
👩‍🦼* woman_in_motorized_wheelchair
👩‍🦼‍➡️* woman_in_motorized_wheelchair_facing_right
🧑‍🦽* person_in_manual_wheelchair
🧑‍🦽‍➡️* person_in_manual_wheelchair_facing_right
👨‍🦽* man_in_manual_wheelchair
👨‍🦽‍➡️* man_in_manual_wheelchair_facing_right
👩‍🦽* woman_in_manual_wheelchair
👩‍🦽‍➡️* woman_in_manual_wheelchair_facing_right
🏃* runner running; fast
🏃‍♂️* running_man man-running; fast
🏃‍♀️* running_woman woman-running; fast
🏃‍➡️* person_running_facing_right; fast
🏃‍♀️‍➡️* woman_running_facing_right; fast
🏃‍♂️‍➡️* man_running_facing_right; fast
💃* dancer woman_dancing; elegant
🕺* man_dancing; dance
🕴️* business_suit_levitating man_in_business_suit_levitating
👯* dancers; party
👯‍♂️* dancing_men men-with-bunny-ears-partying man-with-bunny-ears-partying; double
👯‍♀️* dancing_women women-with-bunny-ears-partying woman-with-bunny-ears-partying; double
🧖* sauna_person person_in_steamy_room; relax
🧖‍♂️* sauna_man man_in_steamy_room; relax
🧖‍♀️* sauna_woman woman_in_steamy_room; relax
🧗* climbing person_climbing; mountain
🧗‍♂️* climbing_man man_climbing; mountain
🧗‍♀️* climbing_woman woman_climbing; mountain
🤺 person_fencing fencer
🏇* horse_racing; riding
⛷️ skier; snow
🏂* snowboarder; ski
🏌️* golfing golfer; green
🏌️‍♂️* golfing_man man-golfing; green
🏌️‍♀️* golfing_woman woman-golfing; green
🏄* surfer; ocean
🏄‍♂️* surfing_man man-surfing; ocean
🏄‍♀️* surfing_woman woman-surfing; ocean
🚣* rowboat; boat
🚣‍♂️* rowing_man man-rowing-boat; fishing
🚣‍♀️* rowing_woman woman-rowing-boat; fishing
🏊* swimmer; swimming
🏊‍♂️* swimming_man man-swimming; freestyle
🏊‍♀️* swimming_woman woman-swimming; freestyle
⛹️* bouncing_ball_person person_with_ball; throw
⛹️‍♂️* basketball_man bouncing_ball_man man-bouncing-ball; throw
⛹️‍♀️* basketball_woman bouncing_ball_woman woman-bouncing-ball; throw
🏋️* weight_lifting weight_lifter; bodybuilder
🏋️‍♂️* weight_lifting_man man-lifting-weights; bodybuilder
🏋️‍♀️* weight_lifting_woman woman-lifting-weights; bodybuilder
🚴* bicyclist; bike
🚴‍♂️* biking_man man-biking; bike
🚴‍♀️* biking_woman woman-biking; bike
🚵* mountain_bicyclist; bike
🚵‍♂️* mountain_biking_man man-mountain-biking; bike
🚵‍♀️* mountain_biking_woman woman-mountain-biking; bike
🤸* cartwheeling person_doing_cartwheel; happy
🤸‍♂️* man_cartwheeling; happy
🤸‍♀️* woman_cartwheeling; happy
🤼* wrestling wrestlers; people
🤼‍♂️* men_wrestling man-wrestling; ring
🤼‍♀️* women_wrestling woman-wrestling; ring
🤽* water_polo; playing
🤽‍♂️* man_playing_water_polo; swimming
🤽‍♀️* woman_playing_water_polo; swimming
🤾* handball_person handball; playing
🤾‍♂️* man_playing_handball; throw
🤾‍♀️* woman_playing_handball; throw
🤹* juggling_person juggling; balance
🤹‍♂️* man_juggling; balance
🤹‍♀️* woman_juggling; balance
🧘* lotus_position person_in_lotus_position; cross
🧘‍♂️* lotus_position_man man_in_lotus_position; cross
🧘‍♀️* lotus_position_woman woman_in_lotus_position; cross
🛀* bath
🛌* sleeping_bed sleeping_accommodation; good
🧑‍🤝‍🧑* people_holding_hands; dating
👭* two_women_holding_hands women_holding_hands; dating
👫* couple man_and_woman_holding_hands woman_and_man_holding_hands; dating
👬* two_men_holding_hands men_holding_hands; dating
💏* couplekiss; romance
👩‍❤️‍💋‍👨* couplekiss_man_woman woman-kiss-man; romance
👨‍❤️‍💋‍👨* couplekiss_man_man man-kiss-man; romance
👩‍❤️‍💋‍👩* couplekiss_woman_woman woman-kiss-woman; romance
💑* couple_with_heart; romance
👩‍❤️‍👨* couple_with_heart_woman_man woman-heart-man; romance
👨‍❤️‍👨* couple_with_heart_man_man man-heart-man; romance
👩‍❤️‍👩* couple_with_heart_woman_woman woman-heart-woman; romance
👨‍👩‍👦 family_man_woman_boy man-woman-boy
👨‍👩‍👧 family_man_woman_girl man-woman-girl
👨‍👩‍👧‍👦 family_man_woman_girl_boy man-woman-girl-boy
👨‍👩‍👦‍👦 family_man_woman_boy_boy man-woman-boy-boy
👨‍👩‍👧‍👧 family_man_woman_girl_girl man-woman-girl-girl
👨‍👨‍👦 family_man_man_boy man-man-boy
👨‍👨‍👧 family_man_man_girl man-man-girl
👨‍👨‍👧‍👦 family_man_man_girl_boy man-man-girl-boy
👨‍👨‍👦‍👦 family_man_man_boy_boy man-man-boy-boy
👨‍👨‍👧‍👧 family_man_man_girl_girl man-man-girl-girl
👩‍👩‍👦 family_woman_woman_boy woman-woman-boy
👩‍👩‍👧 family_woman_woman_girl woman-woman-girl
👩‍👩‍👧‍👦 family_woman_woman_girl_boy woman-woman-girl-boy
👩‍👩‍👦‍👦 family_woman_woman_boy_boy woman-woman-boy-boy
👩‍👩‍👧‍👧 family_woman_woman_girl_girl woman-woman-girl-girl
👨‍👦 family_man_boy man-boy
👨‍👦‍👦 family_man_boy_boy man-boy-boy
👨‍👧 family_man_girl man-girl
👨‍👧‍👦 family_man_girl_boy man-girl-boy
👨‍👧‍👧 family_man_girl_girl man-girl-girl
👩‍👦 family_woman_boy woman-boy
👩‍👦‍👦 family_woman_boy_boy woman-boy-boy
👩‍👧 family_woman_girl woman-girl
👩‍👧‍👦 family_woman_girl_boy woman-girl-boy
👩‍👧‍👧 family_woman_girl_girl woman-girl-girl
🗣️ speaking_head speaking_head_in_silhouette
👤 bust_in_silhouette
👥 busts_in_silhouette; bff
🫂 people_hugging; hello
👪 family
🧑‍🧑‍🧒 family_adult_adult_child
🧑‍🧑‍🧒‍🧒 family_adult_adult_child_child
🧑‍🧒 family_adult_child
🧑‍🧒‍🧒 family_adult_child_child
👣 footprints; walk
🫆 fingerprint; safety
# animals-nature
🐵 monkey_face; banana
🐒 monkey; banana
🦍 gorilla
🦧 orangutan; monkey
🐶 dog; pet
🐕 dog2; pet
🦮 guide_dog; blind
🐕‍🦺 service_dog
🐩 poodle; dog
🐺 wolf
🦊 fox_face
🦝 raccoon; sly
🐱 cat; pet
🐈 cat2; pet
🐈‍⬛ black_cat; halloween
🦁 lion lion_face; leo
🐯 tiger; cat
🐅 tiger2; cat
🐆 leopard; cat
🐴 horse; farm
🫎 moose; mammal
🫏 donkey; mammal
🐎 racehorse; farm
🦄 unicorn unicorn_face
🦓 zebra zebra_face
🦌 deer
🦬 bison; buffalo
🐮 cow; farm
🐂 ox; farm
🐃 water_buffalo; zoo
🐄 cow2; farm
🐷 pig; farm
🐖 pig2; farm
🐗 boar; pig
🐽 pig_nose; farm
🐏 ram; zoo
🐑 sheep; farm
🐐 goat; farm
🐪 dromedary_camel; one
🐫 camel; desert
🦙 llama; wool
🦒 giraffe giraffe_face
🐘 elephant
🦣 mammoth; large
🦏 rhinoceros
🦛 hippopotamus
🐭 mouse
🐁 mouse2; animals
🐀 rat
🐹 hamster; pet
🐰 rabbit; pet
🐇 rabbit2; pet
🐿️ chipmunk
🦫 beaver; teeth
🦔 hedgehog
🦇 bat; vampire
🐻 bear; honey
🐻‍❄️ polar_bear
🐨 koala; down
🐼 panda_face; bamboo
🦥 sloth
🦦 otter; fishing
🦨 skunk; stink
🦘 kangaroo; marsupial
🦡 badger; honey
🐾 feet paw_prints
🦃 turkey
🐔 chicken; ornithology
🐓 rooster; ornithology
🐣 hatching_chick; baby
🐤 baby_chick; ornithology
🐥 hatched_chick; ornithology
🐦 bird; ornithology
🐧 penguin; ornithology
🕊️ dove dove_of_peace; ornithology
🦅 eagle; ornithology
🦆 duck; ornithology
🦢 swan; ornithology
🦉 owl; ornithology
🦤 dodo; ornithology
🪶 feather; light
🦩 flamingo; ornithology
🦚 peacock; ornithology
🦜 parrot; ornithology
🪽 wing; fly
🐦‍⬛ black_bird; ornithology
🪿 goose; ornithology
🐦‍🔥 phoenix; ascend
🐸 frog
🐊 crocodile; zoo
🐢 turtle
🦎 lizard
🐍 snake; bearer
🐲 dragon_face
🐉 dragon; knights
🦕 sauropod; dinosaur
🦖 t-rex; dinosaur
🐳 whale; ocean
🐋 whale2; ocean
🐬 dolphin flipper; ocean
🦭 seal; ocean
🐟 fish; dinner
🐠 tropical_fish
🐡 blowfish; fish
🦈 shark; fish
🐙 octopus; ocean
🐚 shell; beach
🪸 coral; ocean
🪼 jellyfish; ocean
🦀 crab; cancer
🦞 lobster; seafood
🦐 shrimp; small
🦑 squid
🦪 oyster; pearl
🐌 snail; nature
🦋 butterfly; insect
🐛 bug; insect
🐜 ant; insect
🐝 bee honeybee; nature
🪲 beetle; insect
🐞 lady_beetle ladybug; nature
🦗 cricket; insect
🪳 cockroach; insect
🕷️ spider; insect
🕸️ spider_web
🦂 scorpion; scorpius
🦟 mosquito; insect
🪰 fly; insect
🪱 worm
🦠 microbe; science
💐 bouquet; plant
🌸 cherry_blossom; plant
💮 white_flower
🪷 lotus; flower
🏵️ rosette; plant
🌹 rose; plant
🥀 wilted_flower; dying
🌺 hibiscus; plant
🌻 sunflower; plant
🌼 blossom; plant
🌷 tulip; plant
🪻 hyacinth; plant
🌱 seedling; plant
🪴 potted_plant; house
🌲 evergreen_tree; christmas
🌳 deciduous_tree; green
🌴 palm_tree; plant
🌵 cactus; plant
🌾 ear_of_rice; plant
🌿 herb; plant
☘️ shamrock; plant
🍀 four_leaf_clover; plant
🍁 maple_leaf; falling
🍂 fallen_leaf; falling
🍃 leaves; leaf
🪹 empty_nest; home
🪺 nest_with_eggs; branch
🍄 mushroom; fungus
🪾 leafless_tree; dead
# food-drink
🍇 grapes; fruit
🍈 melon; fruit
🍉 watermelon; fruit
🍊 mandarin orange tangerine; fruit
🍋 lemon; fruit
🍋‍🟩 lime; fruit
🍌 banana; fruit
🍍 pineapple; fruit
🥭 mango; fruit
🍎 apple; fruit
🍏 green_apple; fruit
🍐 pear; fruit
🍑 peach; fruit
🍒 cherries; fruit
🍓 strawberry; fruit
🫐 blueberries; fruit
🥝 kiwi_fruit kiwifruit
🍅 tomato; fruit
🫒 olive
🥥 coconut; palm
🥑 avocado; fruit
🍆 eggplant; vegetable
🥔 potato; vegetable
🥕 carrot; vegetable
🌽 corn; farm
🌶️ hot_pepper
🫑 bell_pepper; vegetable
🥒 cucumber; vegetable
🥬 leafy_green; salad
🥦 broccoli; cabbage
🧄 garlic; flavoring
🧅 onion; flavoring
🥜 peanuts; vegetable
🫘 beans; small
🌰 chestnut; plant
🫚 ginger_root; health
🫛 pea_pod; vegetable
🍄‍🟫 brown_mushroom; nature
🫜 root_vegetable; garden
🍞 bread; restaurant
🥐 croissant; breakfast
🥖 baguette_bread; french
🫓 flatbread; bread
🥨 pretzel
🥯 bagel; breakfast
🥞 pancakes; breakfast
🧇 waffle; breakfast
🧀 cheese cheese_wedge
🍖 meat_on_bone
🍗 poultry_leg; hungry
🥩 cut_of_meat; red
🥓 bacon; breakfast
🍔 hamburger; fast
🍟 fries; fast
🍕 pizza; hungry
🌭 hotdog; dog
🥪 sandwich; bread
🌮 taco; mexican
🌯 burrito; mexican
🫔 tamale; mexican
🥙 stuffed_flatbread; kebab
🧆 falafel
🥚 egg; breakfast
🍳 fried_egg cooking; restaurant
🥘 shallow_pan_of_food
🍲 stew; pot
🫕 fondue; pot
🥣 bowl_with_spoon; breakfast
🥗 green_salad
🍿 popcorn; movie
🧈 butter
🧂 salt; mad
🥫 canned_food
🍱 bento; box
🍘 rice_cracker
🍙 rice_ball
🍚 rice
🍛 curry; rice
🍜 ramen; bowl
🍝 spaghetti; restaurant
🍠 sweet_potato
🍢 oden; restaurant
🍣 sushi
🍤 fried_shrimp
🍥 fish_cake; restaurant
🥮 moon_cake; autumn
🍡 dango; sweet
🥟 dumpling
🥠 fortune_cookie
🥡 takeout_box; delivery
🍦 icecream; sweet
🍧 shaved_ice; sweet
🍨 ice_cream; sweet
🍩 doughnut; sweet
🍪 cookie; sweet
🎂 birthday; sweet
🍰 cake; sweet
🧁 cupcake; sweet
🥧 pie; fruit
🍫 chocolate_bar; sweet
🍬 candy; sweet
🍭 lollipop; sweet
🍮 custard; sweet
🍯 honey_pot; sweet
🍼 baby_bottle; drink
🥛 milk_glass glass_of_milk; drink
☕ coffee; drink
🫖 teapot; drink
🍵 tea; drink
🍶 sake; drink
🍾 champagne; drink
🍷 wine_glass; drink
🍸 cocktail; drink
🍹 tropical_drink; bar
🍺 beer; drink
🍻 beers; bar
🥂 clinking_glasses; drink
🥃 tumbler_glass; shot
🫗 pouring_liquid; drink
🥤 cup_with_straw; drink
🧋 bubble_tea; milk
🧃 beverage_box; sweet
🧉 mate mate_drink
🧊 ice_cube; cold
🥢 chopsticks
🍽️ plate_with_cutlery knife_fork_plate; eat
🍴 fork_and_knife; restaurant
🥄 spoon; eat
🔪 hocho knife; weapon
🫙 jar; empty
🏺 amphora; drink
# travel-places
🌍 earth_africa; world
🌎 earth_americas; world
🌏 earth_asia; world
🌐 globe_with_meridians; world
🗺️ world_map
🗾 japan; map
🧭 compass; direction
🏔️ mountain_snow snow_capped_mountain; cold
⛰️ mountain
🌋 volcano; mountain
🗻 mount_fuji; nature
🏕️ camping
🏖️ beach_umbrella beach_with_umbrella
🏜️ desert
🏝️ desert_island
🏞️ national_park
🏟️ stadium
🏛️ classical_building
🏗️ building_construction
🧱 bricks
🪨 rock; heavy
🪵 wood; lumber
🛖 hut; home
🏘️ houses house_buildings
🏚️ derelict_house derelict_house_building; home
🏠 house; building
🏡 house_with_garden; building
🏢 office; building
🏣 post_office; building
🏤 european_post_office; building
🏥 hospital; building
🏦 bank; building
🏨 hotel; building
🏩 love_hotel; building
🏪 convenience_store; building
🏫 school; building
🏬 department_store; building
🏭 factory; building
🏯 japanese_castle; building
🏰 european_castle; building
💒 wedding; romance
🗼 tokyo_tower
🗽 statue_of_liberty; new
⛪ church; religion
🕌 mosque; religion
🛕 hindu_temple
🕍 synagogue; religion
⛩️ shinto_shrine; religion
🕋 kaaba; religion
⛲ fountain
⛺ tent; camping
🌁 foggy
🌃 night_with_stars
🏙️ cityscape
🌄 sunrise_over_mountains; morning
🌅 sunrise; nature
🌆 city_sunset; building
🌇 city_sunrise; building
🌉 bridge_at_night
♨️ hotsprings; steaming
🎠 carousel_horse; entertainment
🛝 playground_slide; playing
🎡 ferris_wheel; park
🎢 roller_coaster; park
💈 barber; cut
🎪 circus_tent
🚂 steam_locomotive; travel
🚃 railway_car; travel
🚄 bullettrain_side; railway
🚅 bullettrain_front; travel
🚆 train2; railway
🚇 metro; travel
🚈 light_rail; arrived
🚉 station; railway
🚊 tram; trolleybus
🚝 monorail; vehicle
🚞 mountain_railway; car
🚋 train; car
🚌 bus; vehicle
🚍 oncoming_bus; cars
🚎 trolleybus; bus
🚐 minibus; vehicle
🚑 ambulance; vehicle
🚒 fire_engine; truck
🚓 police_car
🚔 oncoming_police_car
🚕 taxi; car
🚖 oncoming_taxi; yellow
🚗 car red_car; vehicle
🚘 oncoming_automobile; car
🚙 blue_car; vehicle
🛻 pickup_truck; car
🚚 truck; car
🚛 articulated_lorry; car
🚜 tractor; vehicle
🏎️ racing_car
🏍️ motorcycle racing_motorcycle
🛵 motor_scooter
🦽 manual_wheelchair
🦼 motorized_wheelchair
🛺 auto_rickshaw
🚲 bike; cycle
🛴 kick_scooter scooter
🛹 skateboard; board
🛼 roller_skate
🚏 busstop; stop
🛣️ motorway
🛤️ railway_track; train
🛢️ oil_drum
⛽ fuelpump
🛞 wheel; car
🚨 rotating_light; car
🚥 traffic_light; stop
🚦 vertical_traffic_light; stop
🛑 stop_sign octagonal_sign
🚧 construction
⚓ anchor; ship
🛟 ring_buoy; swim
⛵ boat sailboat; sea
🛶 canoe; boat
🚤 speedboat; travel
🛳️ passenger_ship
⛴️ ferry; boat
🛥️ motor_boat
🚢 ship; travel
✈️ airplane; travel
🛩️ small_airplane; plane
🛫 flight_departure airplane_departure; plane
🛬 flight_arrival airplane_arriving; plane
🪂 parachute
💺 seat
🚁 helicopter; vehicle
🚟 suspension_railway
🚠 mountain_cableway; ski
🚡 aerial_tramway; car
🛰️ artificial_satellite satellite
🚀 rocket; travel
🛸 flying_saucer; ufo
🛎️ bellhop_bell; hotel
🧳 luggage; travel
⌛ hourglass; done
⏳ hourglass_flowing_sand; done
⌚ watch
⏰ alarm_clock; hours
⏱️ stopwatch
⏲️ timer_clock
🕰️ mantelpiece_clock
🕛 clock12; twelve
🕧 clock1230; thirty
🕐 clock1; one
🕜 clock130; thirty
🕑 clock2; two
🕝 clock230; thirty
🕒 clock3; three
🕞 clock330; thirty
🕓 clock4; four
🕟 clock430; thirty
🕔 clock5; five
🕠 clock530; thirty
🕕 clock6; six
🕡 clock630; thirty
🕖 clock7; seven
🕢 clock730; thirty
🕗 clock8; eight
🕣 clock830; thirty
🕘 clock9; nine
🕤 clock930; thirty
🕙 clock10; ten
🕥 clock1030; thirty
🕚 clock11; eleven
🕦 clock1130; thirty
🌑 new_moon; dark
🌒 waxing_crescent_moon; dreams
🌓 first_quarter_moon
🌔 moon waxing_gibbous_moon
🌕 full_moon
🌖 waning_gibbous_moon
🌗 last_quarter_moon
🌘 waning_crescent_moon
🌙 crescent_moon; ramadan
🌚 new_moon_with_face
🌛 first_quarter_moon_with_face
🌜 last_quarter_moon_with_face; dreams
🌡️ thermometer; weather
☀️ sunny; weather
🌝 full_moon_with_face; bright
🌞 sun_with_face; weather
🪐 ringed_planet
⭐ star; medium
🌟 star2; night
🌠 stars; night
🌌 milky_way
☁️ cloud; weather
⛅ partly_sunny; weather
⛈️ cloud_with_lightning_and_rain thunder_cloud_and_rain
🌤️ sun_behind_small_cloud mostly_sunny sun_small_cloud; weather
🌥️ sun_behind_large_cloud barely_sunny sun_behind_cloud; weather
🌦️ sun_behind_rain_cloud partly_sunny_rain; weather
🌧️ cloud_with_rain rain_cloud; weather
🌨️ cloud_with_snow snow_cloud; weather
🌩️ cloud_with_lightning lightning lightning_cloud; weather
🌪️ tornado tornado_cloud; weather
🌫️ fog; weather
🌬️ wind_face wind_blowing_face; cloud
🌀 cyclone; weather
🌈 rainbow; weather
🌂 closed_umbrella; rain
☂️ open_umbrella umbrella; rain
☔ umbrella umbrella_with_rain_drops; weather
⛱️ parasol_on_ground umbrella_on_ground; sun
⚡ zap; nature
❄️ snowflake; weather
☃️ snowman_with_snow snowman; cold
⛄ snowman snowman_without_snow; cold
☄️ comet
🔥 fire; hot
💧 droplet; sad
🌊 ocean; water
# activities
🎃 jack_o_lantern; halloween
🎄 christmas_tree
🎆 fireworks; entertainment
🎇 sparkler; boom
🧨 firecracker; light
✨ sparkles; star
🎈 balloon; birthday
🎉 tada; party
🎊 confetti_ball; party
🎋 tanabata_tree
🎍 bamboo; plant
🎎 dolls; festival
🎏 flags
🎐 wind_chime; bell
🎑 rice_scene; moon
🧧 red_envelope; money
🎀 ribbon
🎁 gift; box
🎗️ reminder_ribbon
🎟️ tickets admission_tickets
🎫 ticket; admission
🎖️ medal_military medal; award
🏆 trophy; win
🏅 medal_sports sports_medal; gold
🥇 1st_place_medal first_place_medal; gold
🥈 2nd_place_medal second_place_medal; silver
🥉 3rd_place_medal third_place_medal
⚽ soccer; football
⚾ baseball
🥎 softball; sports
🏀 basketball
🏐 volleyball
🏈 football; bowl
🏉 rugby_football
🎾 tennis; racquet
🥏 flying_disc
🎳 bowling
🏏 cricket_game cricket_bat_and_ball
🏑 field_hockey field_hockey_stick_and_ball
🏒 ice_hockey ice_hockey_stick_and_puck
🥍 lacrosse; stick
🏓 ping_pong table_tennis_paddle_and_ball; bat
🏸 badminton badminton_racquet_and_shuttlecock; birdie
🥊 boxing_glove
🥋 martial_arts_uniform
🥅 goal_net
⛳ golf; flag
⛸️ ice_skate
🎣 fishing_pole_and_fish; entertainment
🤿 diving_mask; scuba
🎽 running_shirt_with_sash; athletics
🎿 ski; snow
🛷 sled; snow
🥌 curling_stone; rock
🎯 dart; entertainment
🪀 yo_yo; toy
🪁 kite; fly
🔫 gun; water
🎱 8ball; eight
🔮 crystal_ball; magic
🪄 magic_wand; witch
🎮 video_game; entertainment
🕹️ joystick; video
🎰 slot_machine
🎲 game_die; entertainment
🧩 jigsaw; clue
🧸 teddy_bear; stuffed
🪅 pinata; party
🪩 mirror_ball; party
🪆 nesting_dolls
♠️ spades; card
♥️ hearts; emotion
♦️ diamonds; card
♣️ clubs; card
♟️ chess_pawn
🃏 black_joker; card
🀄 mahjong; red
🎴 flower_playing_cards
🎭 performing_arts; entertainment
🖼️ framed_picture frame_with_picture; art
🎨 art; entertainment
🧵 thread; needle
🪡 sewing_needle
🧶 yarn
🪢 knot; tie
# objects
👓 eyeglasses; eyewear
🕶️ dark_sunglasses; eye
🥽 goggles; eye
🥼 lab_coat; clothes
🦺 safety_vest; emergency
👔 necktie; shirt
👕 shirt tshirt; blue
👖 jeans; blue
🧣 scarf; cold
🧤 gloves
🧥 coat; cold
🧦 socks
👗 dress; clothes
👘 kimono
🥻 sari; dress
🩱 one_piece_swimsuit; suit
🩲 swim_brief briefs; suit
🩳 shorts; suit
👙 bikini; beach
👚 womans_clothes; shopping
🪭 folding_hand_fan; flirt
👛 purse; clothes
👜 handbag; clothes
👝 pouch; clothes
🛍️ shopping shopping_bags; hotel
🎒 school_satchel; education
🩴 thong_sandal; beach
👞 mans_shoe shoe; clothes
👟 athletic_shoe; clothes
🥾 hiking_boot; shoe
🥿 flat_shoe womans_flat_shoe; ballet
👠 high_heel; clothes
👡 sandal; shoe
🩰 ballet_shoes; dance
👢 boot; clothes
🪮 hair_pick; groom
👑 crown; win
👒 womans_hat; clothes
🎩 tophat; clothes
🎓 mortar_board; hat
🧢 billed_cap; hat
🪖 military_helmet; soldier
⛑️ rescue_worker_helmet helmet_with_white_cross; hat
📿 prayer_beads; religion
💄 lipstick; date
💍 ring; romance
💎 gem; romance
🔇 mute; sound
🔈 speaker; sound
🔉 sound; medium
🔊 loud_sound; music
📢 loudspeaker; communication
📣 mega; sound
📯 postal_horn
🔔 bell; sound
🔕 no_bell; forbidden
🎼 musical_score; note
🎵 musical_note; sound
🎶 notes; music
🎙️ studio_microphone; music
🎚️ level_slider; music
🎛️ control_knobs; music
🎤 microphone; music
🎧 headphones; sound
📻 radio; entertainment
🎷 saxophone; music
🎺 trumpet; music
🪗 accordion; music
🎸 guitar; music
🎹 musical_keyboard; instrument
🎻 violin; music
🪕 banjo; music
🥁 drum drum_with_drumsticks; music
🪘 long_drum; instrument
🪇 maracas; music
🪈 flute; music
🪉 harp; music
📱 iphone; communication
📲 calling; communication
☎️ phone telephone
📞 telephone_receiver; communication
📟 pager; communication
📠 fax; communication
🔋 battery
🪫 low_battery
🔌 electric_plug
💻 computer; office
🖥️ desktop_computer
🖨️ printer; computer
⌨️ keyboard; computer
🖱️ computer_mouse three_button_mouse
🖲️ trackball; computer
💽 minidisc; computer
💾 floppy_disk; computer
💿 cd; computer
📀 dvd; computer
🧮 abacus
🎥 movie_camera; film
🎞️ film_strip film_frames; movie
📽️ film_projector; video
🎬 clapper; movie
📺 tv; video
📷 camera; video
📸 camera_flash camera_with_flash; video
📹 video_camera; tbt
📼 vhs; video
🔍 mag; left
🔎 mag_right; glass
🕯️ candle; light
💡 bulb; light
🔦 flashlight; light
🏮 izakaya_lantern lantern; red
🪔 diya_lamp; light
📔 notebook_with_decorative_cover; education
📕 closed_book; education
📖 book open_book; education
📗 green_book; education
📘 blue_book; education
📙 orange_book; education
📚 books; education
📓 notebook
📒 ledger; notebook
📃 page_with_curl; paper
📜 scroll; paper
📄 page_facing_up; paper
📰 newspaper; communication
🗞️ newspaper_roll rolled_up_newspaper; paper
📑 bookmark_tabs; mark
🔖 bookmark; mark
🏷️ label
🪙 coin; money
💰 moneybag; bank
💴 yen; money
💵 dollar; money
💶 euro; money
💷 pound; money
💸 money_with_wings; bank
💳 credit_card; money
🧾 receipt
💹 chart; money
✉️ envelope email; letter
📧 e-mail email; letter
📨 incoming_envelope; mail
📩 envelope_with_arrow; communication
📤 outbox_tray; box
📥 inbox_tray; box
📦 package; communication
📫 mailbox; flag
📪 mailbox_closed; flag
📬 mailbox_with_mail; open
📭 mailbox_with_no_mail; open
📮 postbox; mail
🗳️ ballot_box ballot_box_with_ballot
✏️ pencil2
✒️ black_nib; pen
🖋️ fountain_pen lower_left_fountain_pen
🖊️ pen lower_left_ballpoint_pen
🖌️ paintbrush lower_left_paintbrush; painting
🖍️ crayon lower_left_crayon
📝 memo pencil; communication
💼 briefcase; office
📁 file_folder
📂 open_file_folder
🗂️ card_index_dividers
📅 date
📆 calendar
🗒️ spiral_notepad spiral_note_pad
🗓️ spiral_calendar spiral_calendar_pad
📇 card_index; old
📈 chart_with_upwards_trend; graph
📉 chart_with_downwards_trend; graph
📊 bar_chart; graph
📋 clipboard; notes
📌 pushpin; pin
📍 round_pushpin; map
📎 paperclip
🖇️ paperclips linked_paperclips
📏 straight_ruler; math
📐 triangular_ruler; triangle
✂️ scissors; paper
🗃️ card_file_box
🗄️ file_cabinet; paper
🗑️ wastebasket; can
🔒 lock; closed
🔓 unlock; open
🔏 lock_with_ink_pen; nib
🔐 closed_lock_with_key; bike
🔑 key; lock
🗝️ old_key; lock
🔨 hammer; home
🪓 axe; chop
⛏️ pick; hammer
⚒️ hammer_and_pick
🛠️ hammer_and_wrench; spanner
🗡️ dagger dagger_knife; weapon
⚔️ crossed_swords; weapon
💣 bomb; comic
🪃 boomerang; weapon
🏹 bow_and_arrow; weapon
🛡️ shield; weapon
🪚 carpentry_saw; cut
🔧 wrench; home
🪛 screwdriver
🔩 nut_and_bolt; home
⚙️ gear
🗜️ clamp compression
⚖️ balance_scale scales; justice
🦯 probing_cane; blind
🔗 link
⛓️‍💥 broken_chain; break
⛓️ chains
🪝 hook; point
🧰 toolbox; red
🧲 magnet; negative
🪜 ladder; climb
🪏 shovel; plant
⚗️ alembic; chemistry
🧪 test_tube; science
🧫 petri_dish; lab
🧬 dna; biologist
🔬 microscope; science
🔭 telescope; science
📡 satellite satellite_antenna; science
💉 syringe; doctor
🩸 drop_of_blood; medicine
💊 pill; doctor
🩹 adhesive_bandage
🩼 crutch; cane
🩺 stethoscope; doctor
🩻 x_ray; doctor
🚪 door; back
🛗 elevator; lift
🪞 mirror; makeup
🪟 window; frame
🛏️ bed; hotel
🛋️ couch_and_lamp; hotel
🪑 chair
🚽 toilet; bathroom
🪠 plunger; toilet
🚿 shower; water
🛁 bathtub
🪤 mouse_trap; cheese
🪒 razor; shave
🧴 lotion_bottle
🧷 safety_pin; rock
🧹 broom; witch
🧺 basket
🧻 roll_of_paper; toilet
🪣 bucket; pail
🧼 soap; bar
🫧 bubbles; clean
🪥 toothbrush; teeth
🧽 sponge; cleaning
🧯 fire_extinguisher
🛒 shopping_cart shopping_trolley
🚬 smoking
⚰️ coffin; dead
🪦 headstone; dead
⚱️ funeral_urn; death
🧿 nazar_amulet; blue
🪬 hamsa; palm
🗿 moyai; travel
🪧 placard; card
🪪 identification_card; document
# symbols
🏧 atm; money
🚮 put_litter_in_its_place; sign
🚰 potable_water; drinking
♿ wheelchair; symbol
🚹 mens; bathroom
🚺 womens; bathroom
🚻 restroom; bathroom
🚼 baby_symbol
🚾 wc; water
🛂 passport_control
🛃 customs; packing
🛄 baggage_claim; travel
🛅 left_luggage; baggage
⚠️ warning
🚸 children_crossing; pedestrian
⛔ no_entry; forbidden
🚫 no_entry_sign; forbidden
🚳 no_bicycles; forbidden
🚭 no_smoking; forbidden
🚯 do_not_litter; forbidden
🚱 non-potable_water; prohibited
🚷 no_pedestrians; forbidden
📵 no_mobile_phones; forbidden
🔞 underage; forbidden
☢️ radioactive radioactive_sign
☣️ biohazard biohazard_sign
⬆️ arrow_up; direction
↗️ arrow_upper_right; direction
➡️ arrow_right; direction
↘️ arrow_lower_right; direction
⬇️ arrow_down; direction
↙️ arrow_lower_left; direction
⬅️ arrow_left; direction
↖️ arrow_upper_left; direction
↕️ arrow_up_down
↔️ left_right_arrow
↩️ leftwards_arrow_with_hook; curving
↪️ arrow_right_hook; left
⤴️ arrow_heading_up; curving
⤵️ arrow_heading_down; curving
🔃 arrows_clockwise; vertical
🔄 arrows_counterclockwise; again
🔙 back
🔚 end
🔛 on; mark
🔜 soon; omw
🔝 top; homie
🛐 place_of_worship; religion
⚛️ atom_symbol
🕉️ om om_symbol; religion
✡️ star_of_david; religion
☸️ wheel_of_dharma; religion
☯️ yin_yang; religion
✝️ latin_cross; religion
☦️ orthodox_cross; religion
☪️ star_and_crescent; religion
☮️ peace_symbol
🕎 menorah menorah_with_nine_branches; religion
🔯 six_pointed_star; fortune
🪯 khanda; religion
♈ aries; horoscope
♉ taurus; horoscope
♊ gemini; horoscope
♋ cancer; horoscope
♌ leo; horoscope
♍ virgo; horoscope
♎ libra; horoscope
♏ scorpius; horoscope
♐ sagittarius; horoscope
♑ capricorn; horoscope
♒ aquarius; water
♓ pisces; horoscope
⛎ ophiuchus; bearer
🔀 twisted_rightwards_arrows; crossed
🔁 repeat; clockwise
🔂 repeat_one; clockwise
▶️ arrow_forward; triangle
⏩ fast_forward; double
⏭️ next_track_button black_right_pointing_double_triangle_with_vertical_bar; scene
⏯️ play_or_pause_button black_right_pointing_triangle_with_double_vertical_bar
◀️ arrow_backward; left
⏪ rewind; fast
⏮️ previous_track_button black_left_pointing_double_triangle_with_vertical_bar; last
🔼 arrow_up_small; red
⏫ arrow_double_up; fast
🔽 arrow_down_small; red
⏬ arrow_double_down; fast
⏸️ pause_button double_vertical_bar
⏹️ stop_button black_square_for_stop
⏺️ record_button black_circle_for_record
⏏️ eject_button eject
🎦 cinema; movie
🔅 low_brightness
🔆 high_brightness; light
📶 signal_strength; bar
🛜 wireless; computer
📳 vibration_mode; communication
📴 mobile_phone_off; telephone
♀️ female_sign
♂️ male_sign
⚧️ transgender_symbol
✖️ heavy_multiplication_x; sign
➕ heavy_plus_sign
➖ heavy_minus_sign; math
➗ heavy_division_sign; math
🟰 heavy_equals_sign; math
♾️ infinity
‼️ bangbang; mark
⁉️ interrobang; mark
❓ question; red
❔ grey_question; mark
❕ grey_exclamation; mark
❗ exclamation heavy_exclamation_mark; red
〰️ wavy_dash; punctuation
💱 currency_exchange; money
💲 heavy_dollar_sign; money
⚕️ medical_symbol staff_of_aesculapius; medicine
♻️ recycle; symbol
⚜️ fleur_de_lis; knights
🔱 trident; ship
📛 name_badge
🔰 beginner; green
⭕ o; red
✅ white_check_mark; done
☑️ ballot_box_with_check; done
✔️ heavy_check_mark; done
❌ x; mark
❎ negative_squared_cross_mark; multiplication
➰ curly_loop
➿ loop; double
〽️ part_alternation_mark
✳️ eight_spoked_asterisk
✴️ eight_pointed_black_star
❇️ sparkle
©️ copyright
®️ registered
™️ tm; mark
🫟 splatter; liquid
#️⃣ hash; keycap
*️⃣ asterisk keycap_star
0️⃣ zero; keycap
1️⃣ one; keycap
2️⃣ two; keycap
3️⃣ three; keycap
4️⃣ four; keycap
5️⃣ five; keycap
6️⃣ six; keycap
7️⃣ seven; keycap
8️⃣ eight; keycap
9️⃣ nine; keycap
🔟 keycap_ten
🔠 capital_abcd; input
🔡 abcd; input
🔢 1234; input
🔣 symbols; input
🔤 abc; input
🅰️ a; blood
🆎 ab; blood
🅱️ b; type
🆑 cl
🆒 cool
🆓 free
ℹ️ information_source
🆔 id
Ⓜ️ m; circle
🆕 new
🆖 ng
🅾️ o2; blood
🆗 ok
🅿️ parking
🆘 sos; help
🆙 up; mark
🆚 vs
🈁 koko; here
🈂️ sa; charge
🈷️ u6708; ideograph
🈶 u6709; ideograph
🈯 u6307; ideograph
🉐 ideograph_advantage
🈹 u5272; ideograph
🈚 u7121; ideograph
🈲 u7981; ideograph
🉑 accept; ideograph
🈸 u7533; ideograph
🈴 u5408; ideograph
🈳 u7a7a; ideograph
㊗️ congratulations; ideograph
㊙️ secret; ideograph
🈺 u55b6; open
🈵 u6e80; ideograph
🔴 red_circle
🟠 orange_circle large_orange_circle
🟡 yellow_circle large_yellow_circle
🟢 green_circle large_green_circle
🔵 large_blue_circle
🟣 purple_circle large_purple_circle
🟤 brown_circle large_brown_circle
⚫ black_circle
⚪ white_circle
🟥 red_square large_red_square; card
🟧 orange_square large_orange_square
🟨 yellow_square large_yellow_square; card
🟩 green_square large_green_square
🟦 blue_square large_blue_square
🟪 purple_square large_purple_square
🟫 brown_square large_brown_square
⬛ black_large_square
⬜ white_large_square
◼️ black_medium_square
◻️ white_medium_square
◾ black_medium_small_square
◽ white_medium_small_square
▪️ black_small_square
▫️ white_small_square
🔶 large_orange_diamond
🔷 large_blue_diamond
🔸 small_orange_diamond
🔹 small_blue_diamond
🔺 small_red_triangle; pointed
🔻 small_red_triangle_down; pointed
💠 diamond_shape_with_a_dot_inside; comic
🔘 radio_button
🔳 white_square_button; outlined
🔲 black_square_button
# flags
🏁 checkered_flag; racing
🚩 triangular_flag_on_post; construction
🎌 crossed_flags
🏴 black_flag waving_black_flag
🏳️ white_flag waving_white_flag
🏳️‍🌈 rainbow_flag; transgender
🏳️‍⚧️ transgender_flag; blue
🏴‍☠️ pirate_flag; treasure
🏴󠁧󠁢󠁥󠁮󠁧󠁿 england flag-england
🏴󠁧󠁢󠁳󠁣󠁴󠁿 scotland flag-scotland
🏴󠁧󠁢󠁷󠁬󠁳󠁿 wales flag-wales
`;

/** The codes of countries and regions that have a flag. */
export const FLAGS =
  "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cp cq cr cu cv cw cx cy cz de dg dj dk dm do dz ea ec ee eg eh er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu ic id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz ta tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug um un us uy uz va vc ve vg vi vn vu wf ws xk ye yt za zm zw";
