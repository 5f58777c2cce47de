import { Option, type Command } from 'commander';

/** Which cluster. */
export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
  /** That TraceProbe is installed in. */
  namespace: string;
}

/** Where events are read from. */
export interface ReadOptions extends ClusterOptions {
  server?: string;
  tokenFile?: string;
  caFile?: string;
}

/** The same, of commands that also read a store of this machine. */
export interface EventsOptions extends ReadOptions {
  local?: boolean;
  store?: string;
}

/** Adds the options that say which cluster. */
export function addClusterOptions(command: Command): Command {
  return command
    .option('--kubeconfig <FILE>', 'which cluster (default: as kubectl, by KUBECONFIG or ~/.kube/config)')
    .option('--context <NAME>', 'which context of the kubeconfig')
    .addOption(
      new Option('-n, --namespace <NAME>', 'where TraceProbe is installed')
        .env('TRACEPROBE_NAMESPACE')
        .default('traceprobe'),
    );
}

/** Adds the options that say where events are read from. */
export function addReadOptions(command: Command): Command {
  return addClusterOptions(command)
    .option('--server <HOST:PORT>', 'an aggregator, instead of the one of the cluster')
    .option('--token-file <FILE>', 'with --server: the token that says who reads')
    .option('--ca-file <FILE>', 'with --server: who may certify it; without, only this machine is talked to');
}

/** Adds the options that say from which store of this machine events are read, instead. */
export function addLocalOptions(command: Command): Command {
  return command
    .option('--local', 'the store of this machine, where "traceprobe run --store" puts events')
    .option('--store <DIR>', 'the store in this directory of this machine');
}
