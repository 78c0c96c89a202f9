"""The orchestrator answers apache-airflow-client, Airflow's own client of its REST API v2."""

import json
import time

import airflow_client.client as airflow
import pytest
import requests
from airflow_client.client.api import (
    dag_api,
    dag_run_api,
    dag_stats_api,
    import_error_api,
    monitor_api,
    task_api,
    task_instance_api,
    version_api,
    x_com_api,
)
from airflow_client.client.exceptions import ApiException
from airflow_client.client.models import (
    ClearTaskInstancesBody,
    ClearTaskInstancesBodyTaskIdsInner,
    DAGPatchBody,
    DAGRunClearBody,
    DAGRunPatchBody,
    DAGRunsBatchBody,
    TriggerDAGRunPostBody,
)

DAG = "user_automation"
WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def base(stack):
    return stack.orchestrator.rstrip("/")


@pytest.fixture(scope="module")
def client(base):
    answer = requests.post(
        f"{base}/auth/token", json={"username": "airflow", "password": "airflow"}, timeout=10
    )
    assert answer.status_code == 201
    configuration = airflow.Configuration(host=base, access_token=answer.json()["access_token"])
    with airflow.ApiClient(configuration) as client:
        yield client


@pytest.fixture(scope="module")
def runs(client):
    return dag_run_api.DagRunApi(client)


@pytest.fixture(scope="module")
def finished(runs):
    """A run that has succeeded."""
    run = runs.trigger_dag_run(
        DAG, TriggerDAGRunPostBody(logical_date=None, conf={"users": 20}, note="by a test")
    )
    assert run.dag_run_id.startswith("manual__")
    assert run.conf == {"users": 20}
    return ended(runs, run.dag_run_id)


def ended(runs, run_id):
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        run = runs.get_dag_run(DAG, run_id)
        if run.state.value in ("success", "failed"):
            assert run.state.value == "success"
            return run
        assert time.monotonic() < deadline, f"{run_id} is still {run.state.value}"
        time.sleep(0.05)


def detail(error):
    return json.loads(error.value.body)["detail"]


def test_version_and_health(client):
    assert int(version_api.VersionApi(client).get_version().version.split(".")[0]) >= 3
    health = monitor_api.MonitorApi(client).get_health()
    assert health.metadatabase.status == "healthy"
    assert health.scheduler.status == "healthy"


def test_token_without_password_is_refused(base):
    answer = requests.post(f"{base}/auth/token", json={"username": "airflow"}, timeout=10)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "password"]


def test_dags_are_listed_and_shown(client):
    api = dag_api.DAGApi(client)
    listed = api.get_dags()
    assert DAG in [dag.dag_id for dag in listed.dags]
    assert listed.total_entries == len(listed.dags)
    assert api.get_dag(DAG).max_active_runs >= 1
    details = api.get_dag_details(DAG)
    assert details.params["users"]["value"] == 1000
    assert details.params["users"]["schema"]["minimum"] == 1


def test_the_graph_comes_with_the_tasks(client):
    api = task_api.TaskApi(client)
    tasks = {task.task_id: task for task in api.get_tasks(DAG).tasks}
    landing = {"land_female", "land_male", "land_unknown"}
    assert set(tasks["detect_gender"].downstream_task_ids) == landing
    assert tasks["publish"].trigger_rule == "none_failed_min_one_success"
    assert api.get_task(DAG, "fetch_users").retries >= 1


def test_a_run_succeeds_and_its_tasks_are_shown(client, finished):
    api = task_instance_api.TaskInstanceApi(client)
    found = api.get_task_instances(DAG, finished.dag_run_id)
    states = {task.task_id: task.state.value for task in found.task_instances}
    assert states["fetch_users"] == "success"
    assert states["publish"] == "success"
    assert states["confirm"] == "success"
    assert set(states.values()) <= {"success", "skipped"}
    one = api.get_task_instance(DAG, finished.dag_run_id, "publish")
    assert one.try_number == 1
    assert one.duration >= 0
    tries = api.get_task_instance_tries(DAG, finished.dag_run_id, "publish")
    assert [t.state.value for t in tries.task_instances] == ["success"]


def test_logs_and_results(client, finished):
    api = task_instance_api.TaskInstanceApi(client)
    log = api.get_log(DAG, finished.dag_run_id, "fetch_users", 1, full_content=True)
    assert log.continuation_token is None
    entries = x_com_api.XComApi(client).get_xcom_entries(DAG, finished.dag_run_id, "fetch_users")
    assert [entry.key for entry in entries.xcom_entries] == ["return_value"]
    # The generated client cannot choose between its two answer types, so the value is read plainly.
    path = f"{client.configuration.host}/api/v2/dags/{DAG}/dagRuns/{finished.dag_run_id}"
    answer = requests.get(
        f"{path}/taskInstances/detect_gender/xcomEntries/return_value".replace("+", "%2B"),
        timeout=10,
    )
    assert set(answer.json()["value"]) <= {"land_female", "land_male", "land_unknown"}


def test_runs_are_listed(runs, finished):
    listed = runs.get_dag_runs(DAG, limit=10, order_by=["-run_after"])
    assert finished.dag_run_id in [run.dag_run_id for run in listed.dag_runs]
    of_all = runs.get_list_dag_runs_batch("~", DAGRunsBatchBody(dag_ids=[DAG], states=["success"]))
    assert finished.dag_run_id in [run.dag_run_id for run in of_all.dag_runs]
    assert runs.get_dag_runs(DAG, state=["queued"]).total_entries == 0


def test_waiting_tells_the_end(client, finished):
    url = f"{client.configuration.host}/api/v2/dags/{DAG}/dagRuns/{finished.dag_run_id}/wait"
    answer = requests.get(
        url.replace("+", "%2B"), params={"interval": 1, "result": "detect_gender"}, timeout=WAIT_SECONDS
    )
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[-1]["state"] == "success"
    assert lines[-1]["results"]["detect_gender"]


def test_a_bad_parameter_is_refused_with_its_bounds(runs):
    with pytest.raises(ApiException) as error:
        runs.trigger_dag_run(DAG, TriggerDAGRunPostBody(logical_date=None, conf={"users": 0}))
    assert error.value.status == 400
    assert "users" in detail(error) and "1 to" in detail(error)
    with pytest.raises(ApiException) as error:
        runs.trigger_dag_run(DAG, TriggerDAGRunPostBody(logical_date=None, conf={"uzers": 1}))
    assert error.value.status == 400
    assert "uzers" in detail(error) and "users" in detail(error)


def test_what_is_not_there_is_404(client, runs):
    with pytest.raises(ApiException) as error:
        dag_api.DAGApi(client).get_dag("nothing")
    assert error.value.status == 404 and "nothing" in detail(error)
    with pytest.raises(ApiException) as error:
        runs.get_dag_run(DAG, "nothing")
    assert error.value.status == 404 and "nothing" in detail(error)


def test_a_run_id_is_used_once(runs, finished):
    with pytest.raises(ApiException) as error:
        runs.trigger_dag_run(
            DAG, TriggerDAGRunPostBody(logical_date=None, dag_run_id=finished.dag_run_id)
        )
    assert error.value.status == 409


def test_notes(runs, finished):
    patched = runs.patch_dag_run(DAG, finished.dag_run_id, DAGRunPatchBody(note="seen"))
    assert patched.note == "seen"
    assert runs.get_dag_run(DAG, finished.dag_run_id).note == "seen"


def test_clearing_tasks_runs_them_again(client, runs, finished):
    api = task_instance_api.TaskInstanceApi(client)
    ids = [ClearTaskInstancesBodyTaskIdsInner("publish")]
    body = ClearTaskInstancesBody(
        dag_run_id=finished.dag_run_id, task_ids=ids, only_failed=False, include_downstream=True
    )
    would = api.post_clear_task_instances(DAG, body)
    assert would.total_entries == 2
    assert runs.get_dag_run(DAG, finished.dag_run_id).state.value == "success"
    body.dry_run = False
    api.post_clear_task_instances(DAG, body)
    ended(runs, finished.dag_run_id)
    assert api.get_task_instance(DAG, finished.dag_run_id, "publish").try_number == 2
    assert api.get_task_instance(DAG, finished.dag_run_id, "fetch_users").try_number == 1


def test_clearing_a_run_is_a_dry_run_first(client, runs, finished):
    # The generated client cannot read a dry run's answer, Airflow's own neither: two types fit it.
    url = f"{client.configuration.host}/api/v2/dags/{DAG}/dagRuns/{finished.dag_run_id}/clear"
    answer = requests.post(url.replace("+", "%2B"), json={"dry_run": True}, timeout=10)
    assert answer.json()["total_entries"] == 7
    assert runs.get_dag_run(DAG, finished.dag_run_id).state.value == "success"
    cleared = runs.clear_dag_run(DAG, finished.dag_run_id, DAGRunClearBody(dry_run=False))
    assert cleared.actual_instance.state.value in ("running", "success")
    ended(runs, finished.dag_run_id)


def test_pausing_holds_runs_back(client, runs):
    api = dag_api.DAGApi(client)
    assert api.patch_dag(DAG, DAGPatchBody(is_paused=True)).is_paused
    try:
        run = runs.trigger_dag_run(DAG, TriggerDAGRunPostBody(logical_date=None, conf={"users": 5}))
        assert [dag.dag_id for dag in api.get_dags(paused=True).dags] == [DAG]
        assert runs.get_dag_run(DAG, run.dag_run_id).state.value == "queued"
    finally:
        assert not api.patch_dag(DAG, DAGPatchBody(is_paused=False)).is_paused
    ended(runs, run.dag_run_id)
    runs.delete_dag_run(DAG, run.dag_run_id)
    with pytest.raises(ApiException) as error:
        runs.get_dag_run(DAG, run.dag_run_id)
    assert error.value.status == 404


def test_stats_and_import_errors(client, finished):
    stats = dag_stats_api.DagStatsApi(client).get_dag_stats(dag_ids=[DAG])
    counts = {state.state.value: state.count for state in stats.dags[0].stats}
    assert counts["success"] >= 1
    assert import_error_api.ImportErrorApi(client).get_import_errors().total_entries == 0


def test_a_page_of_another_origin_cannot_trigger(base):
    answer = requests.post(
        f"{base}/api/v2/dags/{DAG}/dagRuns", json={}, headers={"Origin": "http://evil.example"},
        timeout=10,
    )
    assert answer.status_code == 403
