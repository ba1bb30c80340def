"""Prints the id of each container that starts, with Docker's SDK for Python: events.py SOCKET"""

import sys

import docker

client = docker.DockerClient(base_url="unix://" + sys.argv[1])
for event in client.events(decode=True, filters={"type": "container", "event": "start"}):
    print(event["id"], flush=True)
