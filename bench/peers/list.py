"""Lists the running containers with Docker's SDK for Python: list.py SOCKET"""

import sys

import docker

client = docker.DockerClient(base_url="unix://" + sys.argv[1])
for container in client.containers.list():
    print(container.id)
