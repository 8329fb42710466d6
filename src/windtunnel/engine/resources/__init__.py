"""Resources: what tries take, share and wait for beside Airflow's own limits."""
