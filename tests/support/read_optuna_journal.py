"""Opens the study that tests/commands/experiment/export_optuna.sh has exported, and checks what Optuna makes of it."""
import sys

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

study = optuna.load_study(study_name="x", storage=JournalStorage(JournalFileBackend(sys.argv[1])))
trials = study.trials
assert [t.state for t in trials] == [TrialState.COMPLETE] * 2 + [TrialState.FAIL] + [TrialState.COMPLETE] * 3, trials
assert study.direction.name == "MAXIMIZE" and study.metric_names == ["dice"]
assert study.best_trial.number == 5 and study.best_value == 0.6
assert trials[1].params == {"rate": 0.001, "kind": "b"}, trials[1].params
rate = trials[0].distributions["rate"]
assert rate.log and (rate.low, rate.high) == (0.001, 0.1), rate
assert trials[0].distributions["kind"].choices == ("a", "b")
assert trials[0].intermediate_values == {1: 0.1, 2: 0.2}, trials[0].intermediate_values
assert all(t.datetime_start <= t.datetime_complete for t in trials)
assert trials[2].user_attrs["state"] == "failed" and "7" in trials[2].user_attrs["reason"], trials[2].user_attrs
assert trials[0].user_attrs["steps"] == 2 and trials[0].user_attrs["trial"] == 1
assert study.user_attrs["strategy"] == "sweep"
# A script goes on where the experiment ended.
study.optimize(lambda trial: trial.suggest_float("rate", 0.001, 0.1, log=True), n_trials=1)
assert len(study.trials) == 7 and "rate" in optuna.importance.get_param_importances(study, evaluator=optuna.importance.PedAnovaImportanceEvaluator())
