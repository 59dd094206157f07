import type { Check } from '../../check.js'

/** Finds alarms, during which RabbitMQ reads nothing from publishing connections. */
export const alarms: Check = {
  name: 'alarms',
  ask: ({ nodes = [] }) =>
    nodes.flatMap(({ name, running, mem_alarm, disk_free_alarm }) => [
      ...(running
        ? []
        : [
            {
              severity: 'error' as const,
              subject: name,
              evidence: 'the node is down',
              wayOut: 'start it, or take it out of the cluster: rabbitmqctl forget_cluster_node',
            },
          ]),
      ...(mem_alarm ? [alarm(name, 'memory', 'let consumers catch up, or raise vm_memory_high_watermark')] : []),
      ...(disk_free_alarm ? [alarm(name, 'disk', 'free disk space, or lower disk_free_limit')] : []),
    ]),
}

function alarm(subject: string, kind: string, wayOut: string) {
  const evidence = `the ${kind} alarm is on: no client can publish, to any node of the cluster`
  return { severity: 'error' as const, subject, evidence, wayOut }
}
