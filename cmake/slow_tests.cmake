# Unit tests that `make test-fast` leaves out: they kill, wait or compute for more than some seconds. ctest reads this file after
# the rooms' own lists, which are made when the test programs are built.
foreach(name
    experiments.Kill.RandomKillsLeaveTheSameTable
    experiments.Kill.DeathAtEveryFailpointLeavesTheSameTable
    experiments.SqliteFaults.WhatWasAcknowledgedSurvivesAPowerCut
    experiments.SqliteFaults.SoItDoesACutWhileItRecoversFromACut
    experiments.SqliteFaults.AnyOperationMayFailOnceOrFromThenOn
    experiments.SqliteMutations.OfSingleBytes
    server.PageSoak.MixedRequestsInParallelLeaveNothingAndEveryPictureIsRight
    "server.All/StoreFaults.KillsInsideTrialsLeaveTheSameTable/SQLite  # GetParam() = SQLite"
    "server.All/StoreFaults.KillsInsideTrialsLeaveTheSameTable/http  # GetParam() = http"
    "server.All/StoreFaults.KillsInsideTrialsLeaveTheSameTable/PostgreSQL  # GetParam() = PostgreSQL")
  string(REGEX MATCH "^[a-z]+" room ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${room};slow")
endforeach()
