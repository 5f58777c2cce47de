import { Option, type Command } from 'commander';

/** Where events are read from. */
export interface ReadOptions {
  server?: string;
  tokenFile?: string;
  caFile?: string;
  kubeconfig?: string;
  context?: string;
  namespace: string;
}

/** Adds the options that say where events are read from. */
export function addReadOptions(command: Command): Command {
  return command
    .option('--kubeconfig <FILE>', 'which cluster (default: as kubectl, by KUBECONFIG or ~/.kube/config)')
    .option('--context <NAME>', 'which context of the kubeconfig')
    .addOption(
      new Option('-n, --namespace <NAME>', 'where TraceProbe is installed')
        .env('TRACEPROBE_NAMESPACE')
        .default('traceprobe'),
    )
    .option('--server <HOST:PORT>', 'an aggregator, instead of the one of the cluster')
    .option('--token-file <FILE>', 'with --server: the token that says who reads')
    .option('--ca-file <FILE>', 'with --server: who may certify it; without, only this machine is talked to');
}
