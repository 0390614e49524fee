-- From FHIR bulk NDJSON to one row a lesion: its findings as columns.
-- What a careful person would write by hand: statuses, codes by prefix, placement by focus, body site and side, the
-- latest value. Contradictions, ranges, unplaced and unmapped resources are not told apart from silence.
CREATE OR REPLACE MACRO reference_id(reference) AS regexp_extract(reference, '([^/]+)$', 1);
CREATE OR REPLACE MACRO side_of(codes) AS
    CASE WHEN list_contains(codes, 'left') THEN 'left' WHEN list_contains(codes, 'right') THEN 'right' END;
CREATE OR REPLACE MACRO site_of(codes) AS list_filter(codes, lambda c: c IN (
    'mth-1', 'mth-2', 'mth-3', 'mth-4', 'mth-5', 'hallux', 'digit-2', 'digit-3', 'digit-4', 'digit-5', 'other-forefoot',
    'midfoot', 'heel'))[1];

CREATE OR REPLACE TEMP TABLE coded_condition AS
SELECT id, patient, code, site_of(codes) AS site, day, has_site, side_of(codes) AS named_side,
    coalesce(side_of(codes), CASE WHEN code LIKE 'L974%' OR code LIKE 'L975%' THEN
        CASE substr(code, 5, 1) WHEN '1' THEN 'right' WHEN '2' THEN 'left' END END, '') AS side,
    CASE WHEN code LIKE 'L974%' THEN 'hind' WHEN code LIKE 'L975%' THEN 'fore' END AS region,
    code = 'ulcer' OR code = '371087003' OR code LIKE 'L974%' OR code LIKE 'L975%' OR code SIMILAR TO 'E(08|09|10|11|13)621' AS is_ulcer,
    code = 'calcification' OR code = 'L942' OR code LIKE 'M6147%' OR code LIKE 'M6527%' OR code LIKE 'M1107%' AS is_calcification
FROM (
    SELECT id, reference_id(subject.reference) AS patient, replace(code.coding[1].code, '.', '') AS code,
        flatten(list_transform(coalesce(bodySite, []), lambda s: list_transform(s.coding, lambda c: c.code))) AS codes,
        coalesce(recordedDate, onsetDateTime, '') AS day, len(coalesce(bodySite, [])) > 0 AS has_site
    FROM read_json($condition, format = 'newline_delimited', ignore_errors = true, columns = {
        id: 'VARCHAR', subject: 'STRUCT(reference VARCHAR)', code: 'STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[])',
        clinicalStatus: 'STRUCT(coding STRUCT(code VARCHAR)[])', verificationStatus: 'STRUCT(coding STRUCT(code VARCHAR)[])',
        bodySite: 'STRUCT(coding STRUCT(code VARCHAR)[])[]', recordedDate: 'VARCHAR', onsetDateTime: 'VARCHAR'})
    WHERE coalesce(verificationStatus.coding[1].code, 'confirmed') = 'confirmed'
        AND coalesce(clinicalStatus.coding[1].code, 'active') IN ('active', 'recurrence', 'relapse'));

CREATE OR REPLACE TEMP TABLE lesion_condition AS
SELECT c.* REPLACE (coalesce(k.side, c.side) AS side), coalesce(c.site, k.site, '') AS place
FROM coded_condition AS c LEFT JOIN (
    -- An ulcer of which less is known and the only calcification are one lesion.
    SELECT patient, min(side) AS side, min(site) AS site
    FROM coded_condition WHERE is_calcification GROUP BY patient HAVING count(*) = 1) AS k
    ON k.patient = c.patient AND c.is_ulcer AND c.site IS NULL AND c.side IN ('', k.side)
WHERE (is_ulcer OR is_calcification)
    -- The classification asks for the code of the ulcer beside that of the disease: the latter is then no lesion.
    AND NOT (code LIKE 'E%' AND NOT has_site AND EXISTS (
        FROM coded_condition AS o WHERE o.patient = c.patient AND o.region IS NOT NULL));

CREATE OR REPLACE TEMP TABLE lesion AS
SELECT patient, side, place AS site, coalesce(min(id) FILTER (is_ulcer), min(id)) AS lesion, list(id) AS ids,
    min(region) AS region, bool_or(is_ulcer) AS is_ulcer, bool_or(is_calcification) AS is_calcification,
    count(*) OVER (PARTITION BY patient) AS lesions
FROM lesion_condition GROUP BY patient, side, place;

CREATE OR REPLACE TEMP TABLE said AS
SELECT patient, finding, value, number, day, focus, side, site FROM (
    SELECT reference_id(subject.reference) AS patient,
        CASE code.coding[1].code WHEN '446841001' THEN 'ankle-brachial-index' ELSE code.coding[1].code END AS finding,
        valueCodeableConcept.coding[1].code AS value,
        coalesce(valueInteger, CASE valueQuantity.code WHEN 'kPa' THEN valueQuantity.value * 7.50062 WHEN 'mm' THEN valueQuantity.value / 10 ELSE valueQuantity.value END) AS number,
        coalesce(effectiveDateTime, effectivePeriod."end", '') AS day, nullif(reference_id(focus[1].reference), '') AS focus,
        side_of(list_transform(bodySite.coding, lambda c: c.code)) AS side, site_of(list_transform(bodySite.coding, lambda c: c.code)) AS site
    FROM read_json($observation, format = 'newline_delimited', ignore_errors = true, columns = {
        subject: 'STRUCT(reference VARCHAR)', status: 'VARCHAR', code: 'STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[])',
        valueCodeableConcept: 'STRUCT(coding STRUCT(code VARCHAR)[])', valueQuantity: 'STRUCT(value DOUBLE, code VARCHAR)',
        valueInteger: 'INTEGER', effectiveDateTime: 'VARCHAR', effectivePeriod: 'STRUCT("end" VARCHAR)',
        focus: 'STRUCT(reference VARCHAR)[]', bodySite: 'STRUCT(coding STRUCT(code VARCHAR)[])'})
    WHERE status IN ('final', 'amended', 'corrected', 'preliminary')
        AND (code.coding[1].system = 'https://w3id.org/guideline-reasoner/CodeSystem/foot' OR code.coding[1].code = '446841001'))
UNION ALL
SELECT patient, unnest(CASE
        WHEN code SIMILAR TO 'E(08|09|10|11|13)(42|610)' THEN ['diabetes', 'neuropathy']
        WHEN code SIMILAR TO 'E(08|09|10|11|13).*' OR code IN ('44054006', '46635009', '73211009', '371087003', 'diabetes') THEN ['diabetes']
        WHEN code SIMILAR TO 'M86[12456]7.*' OR code IN ('M868X7', 'osteomyelitis') THEN ['osteomyelitis']
        WHEN code LIKE 'M670%' OR code IN ('M24571', 'M24572', 'M24573', 'limited-ankle-dorsiflexion') THEN ['limited-ankle-dorsiflexion']
        WHEN code IN ('L84', 'hyperkeratosis') THEN ['hyperkeratosis']
        WHEN code = 'R296' THEN ['falls-risk'] END),
    CASE code WHEN 'R296' THEN 'high' ELSE 'present' END, NULL, day, NULL,
    CASE WHEN code LIKE 'E%' THEN NULL ELSE named_side END, CASE WHEN code LIKE 'E%' THEN NULL ELSE site END
FROM coded_condition
UNION ALL
SELECT reference_id(subject.reference), unnest(CASE code.coding[1].code
        WHEN 'metatarsal-head-resection' THEN ['offloading-surgery-performed', 'metatarsal-head-resection-performed']
        ELSE ['offloading-surgery-performed'] END),
    'present', NULL, '9' /* what was done stays done */, reference_id(reasonReference[1].reference), NULL, NULL
FROM read_json($procedure, format = 'newline_delimited', ignore_errors = true, columns = {
    subject: 'STRUCT(reference VARCHAR)', status: 'VARCHAR', code: 'STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[])',
    reasonReference: 'STRUCT(reference VARCHAR)[]'})
WHERE status = 'completed' AND code.coding[1].system = 'https://w3id.org/guideline-reasoner/CodeSystem/foot';

CREATE OR REPLACE TEMP TABLE findings AS
WITH placed AS (
    SELECT l.lesion, s.finding, s.value, s.number, s.day
    FROM lesion AS l JOIN said AS s ON s.patient = l.patient
        LEFT JOIN lesion_condition AS f ON f.id = s.focus
    WHERE s.finding IN ('diabetes', 'falls-risk', 'offloading-device-availability', 'non-removable-device-contraindication',
            'non-removable-device-tolerance', 'sirs-criteria')
        OR CASE WHEN s.finding IN ('neuropathy', 'ankle-brachial-index', 'ankle-pressure', 'toe-pressure', 'tcpo2',
            'ischaemia-grade', 'vascular-assessment', 'limited-ankle-dorsiflexion')
            THEN CASE WHEN s.focus IS NOT NULL THEN f.side = l.side ELSE s.side IS NULL OR s.side = l.side OR (l.side = '' AND l.lesions = 1) END
            WHEN s.focus IS NOT NULL THEN list_contains(l.ids, s.focus)
            WHEN s.side IS NULL AND s.site IS NULL THEN l.lesions = 1
            ELSE (s.side IS NULL OR s.side = l.side OR (l.side = '' AND l.lesions = 1)) AND (s.site IS NULL OR s.site = l.site OR (l.site = '' AND l.lesions = 1)) END)
SELECT l.patient, l.lesion AS subject, nullif(l.site, '') AS site, l.region, CASE WHEN l.is_ulcer THEN 'present' END AS ulcer,
    CASE WHEN l.is_calcification THEN 'present' END AS calcification, p.* EXCLUDE (lesion)
FROM lesion AS l LEFT JOIN (
    SELECT lesion,
        arg_max(value, day) FILTER (finding = 'diabetes') AS "diabetes",
        arg_max(value, day) FILTER (finding = 'falls-risk') AS "falls-risk",
        arg_max(value, day) FILTER (finding = 'offloading-device-availability') AS "offloading-device-availability",
        arg_max(value, day) FILTER (finding = 'non-removable-device-contraindication') AS "non-removable-device-contraindication",
        arg_max(value, day) FILTER (finding = 'non-removable-device-tolerance') AS "non-removable-device-tolerance",
        arg_max(value, day) FILTER (finding = 'neuropathy') AS "neuropathy",
        arg_max(value, day) FILTER (finding = 'ischaemia-grade') AS "ischaemia-grade",
        arg_max(value, day) FILTER (finding = 'vascular-assessment') AS "vascular-assessment",
        arg_max(value, day) FILTER (finding = 'limited-ankle-dorsiflexion') AS "limited-ankle-dorsiflexion",
        arg_max(value, day) FILTER (finding = 'aspect') AS "aspect",
        arg_max(value, day) FILTER (finding = 'infection-grade') AS "infection-grade",
        arg_max(value, day) FILTER (finding = 'deep-tissue-involvement') AS "deep-tissue-involvement",
        arg_max(value, day) FILTER (finding = 'osteomyelitis') AS "osteomyelitis",
        arg_max(value, day) FILTER (finding = 'flexible-toe-deformity') AS "flexible-toe-deformity",
        arg_max(value, day) FILTER (finding = 'hyperkeratosis') AS "hyperkeratosis",
        arg_max(value, day) FILTER (finding = 'gait-impact') AS "gait-impact",
        arg_max(value, day) FILTER (finding = 'non-surgical-offloading') AS "non-surgical-offloading",
        arg_max(value, day) FILTER (finding = 'offloading-surgery-performed') AS "offloading-surgery-performed",
        arg_max(value, day) FILTER (finding = 'metatarsal-head-resection-performed') AS "metatarsal-head-resection-performed",
        arg_max(number, day) FILTER (finding = 'ankle-brachial-index') AS "ankle-brachial-index",
        arg_max(number, day) FILTER (finding = 'ankle-pressure') AS "ankle-pressure",
        arg_max(number, day) FILTER (finding = 'toe-pressure') AS "toe-pressure",
        arg_max(number, day) FILTER (finding = 'tcpo2') AS "tcpo2",
        arg_max(number, day) FILTER (finding = 'local-infection-signs') AS "local-infection-signs",
        arg_max(number, day) FILTER (finding = 'erythema-extent') AS "erythema-extent",
        arg_max(number, day) FILTER (finding = 'sirs-criteria') AS "sirs-criteria"
    FROM placed GROUP BY lesion) AS p ON p.lesion = l.lesion;
