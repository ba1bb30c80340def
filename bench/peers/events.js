// Prints the id of each container that starts, with dockerode: node events.js SOCKET
const Docker = require("dockerode");

async function main([socketPath]) {
  const filters = JSON.stringify({ type: ["container"], event: ["start"] });
  const stream = await new Docker({ socketPath }).getEvents({ filters });
  let rest = "";
  stream.on("data", (piece) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop();
    for (const line of lines) process.stdout.write(JSON.parse(line).id + "\n");
  });
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
