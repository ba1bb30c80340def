"""Pods as a cluster of version 1.20 reports them: 7 KB each, half of which are managed fields."""

import json

READERS = ["Initialized", "Ready", "ContainersReady", "PodScheduled"]
BEGUN = "2026-11-20T08:00:00Z"
GROUPS = 20
NODES = 50


def _digits(text: str, count: int) -> str:
    """A digest that a template can hold: always the same, whatever the pod's name."""
    return (text * count)[:count]


def words_of(number: int) -> dict[str, str]:
    """The values that differ between pods; ten pods belong to one application."""
    app = number // 10
    return {"number": f"{number:06}", "app": f"{app:05}", "group": f"{app % GROUPS:02}", "node": f"{number % NODES:03}",
            "ip": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", "word": "0"}


def group_of(words: dict[str, str]) -> str:
    return f"team-{words['group']}"


def name_of(words: dict[str, str]) -> str:
    return f"shop-{words['app']}-90ea026ea2-{words['number']}"


def _metadata(words: dict[str, str]) -> dict:
    app = f"shop-{words['app']}"
    labels = {"app": app, "app.kubernetes.io/name": app, "app.kubernetes.io/part-of": "shop",
              "app.kubernetes.io/version": f"v1.{words['word']}", "environment": "prod", "pod-template-hash": "90ea026ea2",
              "tier": "web"}
    annotations = {"checksum/config": _digits("ca92050c7ead4247", 64), "cni.projectcalico.org/podIP": f"{words['ip']}/32",
                   "cni.projectcalico.org/podIPs": f"{words['ip']}/32",
                   "kubectl.kubernetes.io/restartedAt": "2026-11-19T10:11:12Z", "prometheus.io/path": "/metrics",
                   "prometheus.io/port": "9090", "prometheus.io/scrape": "true"}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{app}-90ea026ea2",
             "uid": f"572e80de-f409-4572-a572-0000000{words['app']}", "controller": True, "blockOwnerDeletion": True}
    return {"name": name_of(words), "generateName": f"{app}-90ea026ea2-", "namespace": group_of(words), "labels": labels,
            "annotations": annotations, "ownerReferences": [owner]}


def _container(words: dict[str, str]) -> dict:
    app = f"shop-{words['app']}"
    env = [{"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}},
           {"name": "LOG_LEVEL", "value": "info"}, {"name": "GOMAXPROCS", "value": "2"},
           {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://collector.observability.svc.cluster.local:4317"},
           {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": f"{app}-db", "key": "url"}}}]
    return {"name": "shop", "image": f"registry.example.com/shop/{app}:v1.0.0", "env": env,
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"},
                      {"name": "metrics", "containerPort": 9090, "protocol": "TCP"}],
            "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "250m", "memory": "256Mi"}},
            "volumeMounts": [{"name": "config", "readOnly": True, "mountPath": "/etc/app"}],
            "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http", "scheme": "HTTP"}, "timeoutSeconds": 1,
                               "periodSeconds": 5, "successThreshold": 1, "failureThreshold": 3},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
            "securityContext": {"runAsNonRoot": True, "allowPrivilegeEscalation": False}}


def created(words: dict[str, str]) -> dict:
    """The object that is posted to create the pod."""
    tolerations = [{"key": f"node.kubernetes.io/{why}", "operator": "Exists", "effect": "NoExecute",
                    "tolerationSeconds": 300} for why in ("not-ready", "unreachable")]
    spec = {"volumes": [{"name": "config", "configMap": {"name": f"shop-{words['app']}-config", "defaultMode": 420}}],
            "containers": [_container(words)], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst", "serviceAccountName": "default", "nodeName": f"node-{words['node']}",
            "securityContext": {}, "schedulerName": "default-scheduler", "tolerations": tolerations,
            "enableServiceLinks": True}
    return {"metadata": _metadata(words), "spec": spec}


def status(words: dict[str, str]) -> dict:
    """The status that its kubelet reports."""
    image = f"registry.example.com/shop/shop-{words['app']}"
    container = {"name": "shop", "state": {"running": {"startedAt": BEGUN}}, "lastState": {}, "ready": True,
                 "restartCount": 0, "image": f"{image}:v1.0.0", "imageID": f"{image}@sha256:{_digits('8579cc5592c8744b', 64)}",
                 "containerID": f"containerd://{_digits('6db53c9d5a2ca72a', 58)}{words['number']}", "started": True}
    return {"phase": "Running", "hostIP": "192.0.2.7", "podIP": words["ip"], "podIPs": [{"ip": words["ip"]}],
            "startTime": BEGUN, "qosClass": "Burstable", "containerStatuses": [container],
            "conditions": [{"type": reader, "status": "True", "lastProbeTime": None, "lastTransitionTime": BEGUN}
                           for reader in READERS]}


def _owned(value: object) -> dict:
    """The fields of an object in the format of managedFields."""
    if isinstance(value, dict):
        return {f"f:{key}": _owned(below) for key, below in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        key = "uid" if "uid" in value[0] else next(iter(value[0]))
        return {".": {}, **{"k:" + json.dumps({key: it[key]}): _owned(it) for it in value}}
    return {}


def listed(words: dict[str, str], version: str) -> dict:
    """The whole object, as lists contain it."""
    pod = created(words)
    fields = {"f:metadata": _owned(pod["metadata"]), "f:spec": _owned(pod["spec"]), "f:status": _owned(status(words))}
    pod["metadata"] |= {"uid": f"5abf1ad3-97d0-493f-8562-000000{words['number']}", "resourceVersion": version,
                        "creationTimestamp": BEGUN,
                        "managedFields": [{"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": BEGUN,
                                           "fieldsType": "FieldsV1", "fieldsV1": fields}]}
    return {**pod, "status": status(words)}


def template() -> str:
    """One pod with the marks @number@, @app@, @group@, @node@, @ip@, @word@ and @version@ in the places that differ."""
    return json.dumps(listed({mark: f"@{mark}@" for mark in words_of(0)}, "@version@"), separators=(",", ":"))
