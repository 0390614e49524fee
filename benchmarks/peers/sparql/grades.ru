# Grades from signs and pressures, where none is recorded; a sign that is not recorded counts as absent.
INSERT { ?lesion gr:infectionGrade ?grade }
WHERE {
  ?lesion a gr:Lesion .
  FILTER NOT EXISTS { ?lesion gr:infectionGrade ?recorded }
  BIND(EXISTS { ?lesion gr:osteomyelitis osteomyelitis:present } AS ?bone)
  OPTIONAL { ?lesion gr:localInfectionSigns ?counted }
  BIND(COALESCE(?counted, IF(?bone, 0, ?unknown)) AS ?signs)
  FILTER(BOUND(?signs))
  OPTIONAL { ?lesion gr:erythemaExtent ?erythema }
  OPTIONAL { ?lesion gr:onFoot/gr:ofPatient/gr:sirsCriteria ?criteria }
  BIND(EXISTS { ?lesion gr:deepTissueInvolvement deep-tissue-involvement:present } AS ?deep)
  BIND(IF(COALESCE(?criteria, 0) >= 2 && (?signs >= 2 || ?bone), infection:severe,
    IF(?bone || (?signs >= 2 && (?deep || COALESCE(?erythema, 0) >= 2)), infection:moderate,
      IF(?signs < 2, infection:none, infection:mild))) AS ?grade)
} ;
INSERT { ?foot gr:ischaemiaGrade ?grade }
WHERE {
  ?foot a gr:Foot .
  FILTER NOT EXISTS { ?foot gr:ischaemiaGrade ?recorded }
  OPTIONAL { ?foot gr:toePressure ?toe }
  OPTIONAL { ?foot gr:tcpo2 ?oxygen }
  OPTIONAL { ?foot gr:ankleBrachialIndex ?index }
  OPTIONAL { ?foot gr:anklePressure ?ankle }
  BIND(IF(BOUND(?toe), IF(?toe >= 60, 0, IF(?toe >= 40, 1, IF(?toe >= 30, 2, 3))), -1) AS ?byToe)
  BIND(IF(BOUND(?oxygen), IF(?oxygen >= 60, 0, IF(?oxygen >= 40, 1, IF(?oxygen >= 30, 2, 3))), -1) AS ?byOxygen)
  BIND(IF(BOUND(?index), IF(?index >= 0.8, 0, IF(?index >= 0.6, 1, IF(?index >= 0.4, 2, 3))), -1) AS ?byIndex)
  BIND(IF(BOUND(?ankle), IF(?ankle > 100, 0, IF(?ankle >= 70, 1, IF(?ankle >= 50, 2, 3))), -1) AS ?byAnkle)
  BIND(IF(?byToe > ?byOxygen, ?byToe, ?byOxygen) AS ?governing)
  BIND(IF(COALESCE(?index, 0) > 1.3, -1, IF(?byIndex > ?byAnkle, ?byIndex, ?byAnkle)) AS ?other)
  BIND(IF(?governing >= 0, ?governing, ?other) AS ?rank)
  VALUES (?rank ?grade) { (0 ischaemia:none) (1 ischaemia:mild) (2 ischaemia:moderate) (3 ischaemia:severe) }
}
