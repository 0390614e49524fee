-- From one row a lesion to the 33 recommendations, in SQL's own logic: NULL is what it cannot tell.
-- What is not recorded and may be assumed is assumed; a sign that is not recorded counts as absent.
WITH graded AS (
    SELECT *,
        CASE WHEN "ischaemia-grade" IS NOT NULL THEN array_position(['none', 'mild', 'moderate', 'severe'], "ischaemia-grade") - 1
            WHEN "toe-pressure" IS NOT NULL OR tcpo2 IS NOT NULL THEN greatest(
                CASE WHEN "toe-pressure" >= 60 THEN 0 WHEN "toe-pressure" >= 40 THEN 1 WHEN "toe-pressure" >= 30 THEN 2 WHEN "toe-pressure" < 30 THEN 3 END,
                CASE WHEN tcpo2 >= 60 THEN 0 WHEN tcpo2 >= 40 THEN 1 WHEN tcpo2 >= 30 THEN 2 WHEN tcpo2 < 30 THEN 3 END)
            WHEN "ankle-brachial-index" > 1.3 THEN NULL
            ELSE greatest(
                CASE WHEN "ankle-brachial-index" >= 0.8 THEN 0 WHEN "ankle-brachial-index" >= 0.6 THEN 1 WHEN "ankle-brachial-index" >= 0.4 THEN 2
                    WHEN "ankle-brachial-index" < 0.4 THEN 3 END,
                CASE WHEN "ankle-pressure" > 100 THEN 0 WHEN "ankle-pressure" >= 70 THEN 1 WHEN "ankle-pressure" >= 50 THEN 2 WHEN "ankle-pressure" < 50 THEN 3 END)
            END AS ischaemia,
        CASE WHEN "infection-grade" IS NOT NULL THEN "infection-grade"
            WHEN "local-infection-signs" IS NULL AND osteomyelitis IS DISTINCT FROM 'present' THEN NULL
            WHEN "sirs-criteria" >= 2 AND ("local-infection-signs" >= 2 OR osteomyelitis = 'present') THEN 'severe'
            WHEN osteomyelitis = 'present' THEN 'moderate'
            WHEN "local-infection-signs" >= 2 AND ("erythema-extent" >= 2 OR "deep-tissue-involvement" = 'present') THEN 'moderate'
            WHEN "local-infection-signs" < 2 THEN 'none'
            ELSE 'mild' END AS infection
    FROM findings),
described AS (
    SELECT *,
        ulcer = 'present' AND diabetes = 'present' AS scope,
        ulcer = 'present' AND diabetes = 'present' AND neuropathy = 'present' AS dfu,
        aspect IN ('plantar', 'apex') AS sole,
        CASE WHEN site IS NOT NULL THEN site NOT IN ('midfoot', 'heel') ELSE region = 'fore' END AS fore,
        CASE WHEN site IS NOT NULL THEN site <> 'heel' WHEN region = 'fore' THEN true END AS fore_or_mid,
        CASE WHEN site IS NULL AND region = 'hind' THEN false ELSE site LIKE 'mth-%' END AS mth,
        CASE WHEN site IS NULL AND region = 'hind' THEN false ELSE site LIKE 'digit-%' END AS digit,
        CASE WHEN site IS NULL AND region = 'hind' THEN false ELSE site = 'hallux' END AS hallux,
        CASE WHEN site IS NULL AND region = 'fore' THEN false ELSE site = 'heel' END AS heel,
        infection = 'none' AND ischaemia = 0 AS clean,
        (infection = 'mild' AND ischaemia = 0) OR (infection = 'none' AND ischaemia = 1) AS c7a,
        infection = 'severe' OR ischaemia = 3 OR (infection = 'moderate' AND ischaemia = 2) AS c7c,
        coalesce("offloading-device-availability", 'available') = 'available' AS device,
        coalesce("non-removable-device-tolerance", 'tolerated') = 'tolerated' AS tolerated,
        "non-surgical-offloading" = 'failed' AND coalesce("offloading-surgery-performed", 'absent') = 'absent' AS failed,
        CASE WHEN "vascular-assessment" IS NOT NULL THEN "vascular-assessment" = 'not-done' WHEN ischaemia IS NOT NULL THEN false END AS unassessed
    FROM graded),
named AS (
    SELECT *,
        dfu AND sole AND fore_or_mid AS plantar,
        NOT clean AND NOT c7a AND NOT c7c AS c7b,
        device AND "non-removable-device-contraindication" = 'absent' AND tolerated AND "falls-risk" = 'not-high' AS possible,
        device AND ("non-removable-device-contraindication" = 'present' OR NOT tolerated OR "falls-risk" = 'high') AS impossible,
        c7c OR unassessed AS barred,
        c7c OR unassessed OR infection IN ('moderate', 'severe') OR osteomyelitis = 'present' AS elective_barred,
        coalesce(calcification, 'absent') = 'present' AND fore AS calc
    FROM described),
last AS (
    SELECT *, digit AND "flexible-toe-deformity" = 'present' AND infection = 'none' AND NOT barred AS tenotomy FROM named)
SELECT patient, subject,
    plantar AND clean AND possible AS "iwgdf-1a",
    plantar AND clean AND possible AS "iwgdf-1b",
    plantar AND (clean OR c7a) AND impossible AS "iwgdf-2",
    plantar AND device AS "iwgdf-3",
    plantar AND NOT device AS "iwgdf-4",
    dfu AND aspect = 'plantar' AND mth AND failed AND "limited-ankle-dorsiflexion" = 'present' AND NOT elective_barred AS "iwgdf-5a",
    dfu AND aspect = 'plantar' AND mth AND failed AND NOT barred AS "iwgdf-5b",
    dfu AND sole AND hallux AND failed AND NOT elective_barred AS "iwgdf-5c",
    dfu AND aspect = 'plantar' AND mth AND failed AND NOT elective_barred AS "iwgdf-5d",
    dfu AND sole AND tenotomy AS "iwgdf-6",
    plantar AND c7a AND possible AS "iwgdf-7a",
    plantar AND c7b AND device AS "iwgdf-7b",
    plantar AND c7c AS "iwgdf-7c",
    dfu AND aspect = 'plantar' AND heel AS "iwgdf-8",
    scope AND aspect = 'non-plantar' AS "iwgdf-9",
    scope AND aspect = 'non-plantar' AND tenotomy AS "iwgdf-9t",
    scope AND c7c AND NOT plantar AS "iwgdf-ext-1",
    calc AND mth AND failed AND NOT barred AS "stc-01",
    calc AND hyperkeratosis = 'present' AND NOT (infection = 'none' AND ischaemia = 3) AS "stc-07",
    calc AS "stc-09",
    calc AND (clean OR c7a) AND possible AS "stc-10",
    calc AND (((clean OR c7a) AND impossible) OR (device AND c7b AND infection <> 'moderate')) AS "stc-11",
    calc AND NOT device AS "stc-12",
    calc AND mth AND ulcer = 'present' AND failed AND NOT barred AS "stc-13",
    calc AND hallux AND failed AND NOT elective_barred AS "stc-16",
    calc AND digit AND "flexible-toe-deformity" = 'present' AND infection = 'none' AND NOT barred AND (failed OR (dfu AND sole)) AS "stc-17",
    calc AND "limited-ankle-dorsiflexion" = 'present' AND failed AND NOT elective_barred AS "stc-18",
    calc AND infection = 'moderate' AND c7b AND device AS "stc-20",
    calc AND infection = 'severe' AS "stc-21",
    calc AND c7c AND infection <> 'severe' AS "stc-28",
    fore AND coalesce("offloading-surgery-performed", 'absent') = 'present' AS "stc-22",
    fore AND coalesce("metatarsal-head-resection-performed", 'absent') = 'present' AS "stc-23",
    fore AND coalesce("offloading-surgery-performed", 'absent') = 'present' AS "stc-24"
FROM last
