"""Any number of containers as Docker 20.10 reports them, always the same for one seed."""

import hashlib
import json
import pathlib


def container_id(seed: str, number: int) -> str:
    """64 hexadecimal digits, as an engine chooses them."""
    return hashlib.sha256(f"{seed} {number}".encode()).hexdigest()


def _labels(number: int) -> dict[str, str]:
    project = f"project{number // 10:03}"
    return {
        "com.docker.compose.config-hash": hashlib.sha256(project.encode()).hexdigest(),
        "com.docker.compose.container-number": str(number % 10 + 1),
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.project": project,
        "com.docker.compose.project.working_dir": f"/srv/{project}",
        "com.docker.compose.service": "web",
        "com.docker.compose.version": "2.27.0",
        "maintainer": "the people of the shop <shop@example.org>",
    }


def _network(number: int) -> dict:
    return {
        "IPAMConfig": None, "Links": None, "Aliases": None,
        "NetworkID": container_id("network", 0), "EndpointID": container_id("endpoint", number),
        "Gateway": "172.18.0.1", "IPAddress": f"172.18.{number // 250}.{number % 250 + 2}",
        "IPPrefixLen": 16, "IPv6Gateway": "", "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0,
        "MacAddress": f"02:42:ac:12:{number // 250:02x}:{number % 250 + 2:02x}", "DriverOpts": None,
    }


def list_item(seed: str, number: int) -> dict:
    """One running container with eight labels, a network and a published port."""
    port = 10000 + number
    ports = [{"IP": ip, "PrivatePort": 8080, "PublicPort": port, "Type": "tcp"} for ip in ("0.0.0.0", "::")]
    return {
        "Id": container_id(seed, number), "Names": [f"/project{number // 10:03}-web-{number % 10 + 1}"],
        "Image": "registry/shop/web:1.27", "ImageID": "sha256:" + container_id("image", 0),
        "Command": "/docker-entrypoint.sh nginx -g 'daemon off;'", "Created": 1767225600 + number,
        "Ports": ports, "Labels": _labels(number), "State": "running", "Status": "Up 3 hours",
        "HostConfig": {"NetworkMode": "shop_default"},
        "NetworkSettings": {"Networks": {"shop_default": _network(number)}}, "Mounts": [],
    }


def state_line(seed: str, number: int) -> str:
    """A container in the format that the scripted engine reads."""
    return container_id(seed, number) + "\t" + json.dumps(list_item(seed, number), separators=(",", ":"))


def write_state(path: pathlib.Path, seed: str, numbers: range | list[int]) -> None:
    path.write_text("".join(state_line(seed, number) + "\n" for number in numbers), encoding="utf-8")


def write_inspect(path: pathlib.Path) -> None:
    """The answer to every inspect: about 3 KB, with @ID@ for the id."""
    item = list_item("inspect", 1)
    config = {
        "Hostname": "web", "User": "", "Tty": False, "Image": item["Image"], "Labels": item["Labels"],
        "Env": [f"SETTING_{n}=the value of the setting {n}" for n in range(12)],
        "Cmd": ["nginx", "-g", "daemon off;"], "WorkingDir": "/srv", "Entrypoint": ["/docker-entrypoint.sh"],
    }
    inspect = {
        "Id": "@ID@", "Created": "2026-01-01T00:00:00.000000000Z", "Path": "/docker-entrypoint.sh", "Args": [],
        "State": {"Status": "running", "Running": True, "Paused": False, "Restarting": False, "Pid": 4711,
                  "ExitCode": 0, "StartedAt": "2026-01-01T00:00:01.000000000Z"},
        "Image": item["ImageID"], "Name": item["Names"][0], "RestartCount": 0, "Driver": "overlay2",
        "HostConfig": {"NetworkMode": "shop_default", "RestartPolicy": {"Name": "always"}, "Memory": 0,
                       "MaskedPaths": [f"/proc/masked{n}" for n in range(10)]},
        "Config": config, "Mounts": [],
        "NetworkSettings": {"Ports": {"8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "10001"}]},
                            "Networks": item["NetworkSettings"]["Networks"]},
    }
    path.write_text(json.dumps(inspect, separators=(",", ":")), encoding="utf-8")
