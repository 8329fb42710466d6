"""Surface: names from all corners of Airflow can be imported and used as DAG files use them."""

import pytest


def test_classes_functions_and_constants_that_nobody_knows_survive_usual_use(repository):
    dag = repository.dag(
        """
        from airflow import DAG, macros, settings
        from airflow.contrib.operators.ssh_operator import SSHOperator
        from airflow.hooks.base_hook import BaseHook
        from airflow.io.path import ObjectStoragePath
        from airflow.plugins_manager import AirflowPlugin
        from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
        from airflow.providers.google.cloud.operators import kubernetes_engine
        from airflow.providers.slack.notifications.slack import send_slack_notification
        from airflow.triggers.base import BaseTrigger, TriggerEvent
        from airflow.utils.db import provide_session
        from airflow.utils.state import State
        from kubernetes.client import models as k8s

        class Hook(BaseHook):
            def __init__(self, name):
                super().__init__()
                self.name = name

        class Trigger(BaseTrigger):
            def __init__(self, a):
                super().__init__()
                self.a = a

        class Plugin(AirflowPlugin):
            operators = [Hook]

        class Pod(KubernetesPodOperator):
            template_fields = KubernetesPodOperator.template_fields + ("more",)
            def __init__(self, *, more=None, **kwargs):
                super().__init__(image="x", **kwargs)
                self.more = more

        @provide_session
        def number(session=None):
            return 3

        base = ObjectStoragePath("s3://bucket") / "folder"
        with DAG("d", schedule=None,
                 on_failure_callback=send_slack_notification(text=State.FAILED)) as dag:
            pod = KubernetesPodOperator(
                task_id="pod", volumes=[k8s.V1Volume(name="v")],
                env_vars={k8s.V1EnvVar(name="x").name: macros.ds_add("2026-01-01", 1)})
            Pod(task_id="own", more=pod.output)
            kubernetes_engine.GKEStartPodOperator(task_id=f"gke_{number()}")
            SSHOperator(task_id="ssh", ssh_hook=Hook("h"), command=str(base))
        """
    )
    assert [(t.task_id, t.operator) for t in dag.tasks] == [
        ("pod", "KubernetesPodOperator"),
        ("own", "Pod"),
        ("gke_3", "GKEStartPodOperator"),
        ("ssh", "SSHOperator"),
    ]
    assert dag.task("own").upstream == ("pod",)


@pytest.mark.parametrize(("profile", "major"), [("airflow-3.3", "3"), ("airflow-2.11", "2")])
def test_the_version_is_that_of_the_profile(repository, profile, major):
    dag = repository.dag(
        """
        import airflow
        from airflow import DAG
        from airflow.version import version
        assert version == airflow.__version__
        d = DAG("on_" + version[0], schedule=None)
        """,
        profile=profile,
    )
    assert dag.dag_id == f"on_{major}"
