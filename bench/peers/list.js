// Lists the running containers with dockerode: node list.js SOCKET [--inspect]
//
// The list alone lacks what an inspect tells; a program that needs it asks for each, as --inspect does.
const Docker = require("dockerode");

async function main([socketPath, inspect]) {
  const docker = new Docker({ socketPath });
  const containers = await docker.listContainers();
  if (inspect === "--inspect") {
    await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).inspect()));
  }
  process.stdout.write(containers.map(({ Id }) => Id + "\n").join(""));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
