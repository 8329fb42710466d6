"""Providers: the few operators of provider packages whose defaults aren't those of every operator.

Read off the constructors of the packages (amazon 9.39, google 22.8, databricks 7.23, hive 9.7,
astronomer 1.19). Whatever isn't here has the defaults of BaseOperator or BaseSensorOperator.
"""

from __future__ import annotations

from typing import Any

MINUTE = 60

DEFAULTS: dict[str, dict[str, Any]] = {
    "BatchSensor": {"poke_interval": 30},
    "BedrockBatchInferenceSensor": {"poke_interval": 120},
    "BedrockCustomizeModelCompletedSensor": {"poke_interval": 120},
    "BedrockKnowledgeBaseActiveSensor": {"poke_interval": 5},
    "ComprehendCreateDocumentClassifierCompletedSensor": {"poke_interval": 120},
    "ComprehendStartPiiEntitiesDetectionJobCompletedSensor": {"poke_interval": 120},
    "DatabricksSQLStatementsSensor": {"timeout": 3600},
    "GlacierJobOperationSensor": {"mode": "reschedule", "poke_interval": 20 * MINUTE},
    "GlueCatalogPartitionSensor": {"poke_interval": 3 * MINUTE},
    "AwsGlueCatalogPartitionSensor": {"poke_interval": 3 * MINUTE},
    "GlueDataQualityRuleRecommendationRunSensor": {"poke_interval": 120},
    "GlueDataQualityRuleSetEvaluationRunSensor": {"poke_interval": 120},
    "GoogleCampaignManagerReportSensor": {"mode": "reschedule", "poke_interval": 5 * MINUTE},
    "GoogleDisplayVideo360GetSDFDownloadOperationSensor": {
        "mode": "reschedule",
        "poke_interval": 5 * MINUTE,
    },
    "HivePartitionSensor": {"poke_interval": 3 * MINUTE},
    "KinesisAnalyticsV2StartApplicationCompletedSensor": {"poke_interval": 120},
    "KinesisAnalyticsV2StopApplicationCompletedSensor": {"poke_interval": 120},
    "MSGraphSensor": {"retry_delay": 60},
    "NamedHivePartitionSensor": {"poke_interval": 3 * MINUTE},
    "OpenSearchServerlessCollectionActiveSensor": {"poke_interval": 10},
    "PubSubPullSensor": {"poke_interval": 10},
    "SsmRunCommandCompletedSensor": {"poke_interval": 120},
    # astronomer-providers: deferrable forms of the above, with defaults of their own.
    "BatchSensorAsync": {"poke_interval": 5},
    "BigQueryTableExistenceSensorAsync": {"poke_interval": 5},
    "ExternalTaskSensorAsync": {"poke_interval": 5},
    "GCSObjectExistenceSensorAsync": {"poke_interval": 5},
    "GCSObjectsWithPrefixExistenceSensorAsync": {"poke_interval": 5},
    "GCSObjectUpdateSensorAsync": {"poke_interval": 5},
    "GCSUploadSessionCompleteSensorAsync": {"poke_interval": 5},
}
"""Class name -> argument -> default."""

SINCE_AIRFLOW_3: dict[str, dict[str, Any]] = {"GlueJobSensor": {"poke_interval": 120}}
"""The same, in the packages that are installed with Airflow 3 only."""


def defaults_of(name: str, profile: str) -> dict[str, Any]:
    """Defaults of a provider's class that differ from those of every operator."""
    if name in SINCE_AIRFLOW_3 and not profile.startswith("airflow-2"):
        return SINCE_AIRFLOW_3[name]
    return DEFAULTS.get(name, {})
