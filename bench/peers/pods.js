// Holds the pods of a cluster with the informer of @kubernetes/client-node: KUBECONFIG=FILE node pods.js [--stay]
// Prints the name of each when the first list is complete, and ends; with --stay it prints each later change, too.
async function main([stay]) {
  const { CoreV1Api, KubeConfig, makeInformer } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromDefault();
  const api = config.makeApiClient(CoreV1Api);
  const list = () => api.listPodForAllNamespaces({ resourceVersion: "0" });
  const informer = makeInformer(config, "/api/v1/pods", list);
  const tell = (pod) => process.stdout.write(pod.metadata.name + "\n");
  informer.on("error", (error) => {
    console.error(String(error));
    process.exit(1);
  });
  await informer.start();
  const names = informer.list().map((pod) => pod.metadata.name + "\n").join("");
  // To stop it would tell the watch that it begins as an error.
  process.stdout.write(names, () => stay === "--stay" || process.exit(0));
  informer.on("add", tell);
  informer.on("update", tell);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
