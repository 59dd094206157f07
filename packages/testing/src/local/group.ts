import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokerConfig, enabledPlugins, erlangArguments, isVersion } from '../broker-config.js'
import { NoBrokerError } from '../errors.js'
import type { NodeGroup } from '../node-process.js'
import { freeNodePorts, freePort } from '../ports.js'
import type { StartOptions } from '../rabbitmq.js'
import { Reaper } from '../reaper/reaper.js'
import { startEpmd } from './epmd.js'
import { LocalNode } from './node.js'
import { findServer, type InstalledServer } from './server.js'

/** Prepares private nodes of the installed RabbitMQ; they do not run yet. */
export async function localGroup(options: StartOptions): Promise<NodeGroup> {
  const server = await installedServer(options.version)
  const home = await mkdtemp(join(tmpdir(), 'leveret-rabbitmq-'))
  const reaper = new Reaper()
  reaper.watch({ directory: home })
  await writeFile(join(home, '.erlang.cookie'), randomBytes(12).toString('hex'), { mode: 0o400 })
  const epmdPort = await freePort()
  const epmd = await startEpmd(epmdPort)
  if (epmd.pid !== undefined) reaper.watch({ pid: epmd.pid })
  const nodes = await layOut(options, { server, home, epmdPort, reaper })
  return { driver: 'local', nodes, remove: () => remove({ nodes, epmd, home, reaper }) }
}

async function installedServer(wanted: string | undefined): Promise<InstalledServer> {
  const server = await findServer()
  if (server === undefined) {
    throw new NoBrokerError('No rabbitmq-server is on PATH; install RabbitMQ, or use a container.')
  }
  if (wanted !== undefined && !isVersion(server.version, wanted)) {
    throw new Error(
      `RabbitMQ ${wanted} was requested, but ${server.version} is installed; use a container for other versions.`,
    )
  }
  return server
}

interface Shared {
  readonly server: InstalledServer
  readonly home: string
  readonly epmdPort: number
  readonly reaper: Reaper
}

async function layOut(options: StartOptions, { server, home, epmdPort, reaper }: Shared): Promise<LocalNode[]> {
  const names = Array.from({ length: options.nodes ?? 1 }, (_, index) => `leveret-${index + 1}@localhost`)
  const nodes: LocalNode[] = []
  for (const [index, name] of names.entries()) {
    const directory = join(home, String(index + 1))
    const ports = await freeNodePorts(options)
    const tls = ports.tlsPort === undefined ? undefined : { listener: `127.0.0.1:${ports.tlsPort}`, directory }
    const more = options.config ?? []
    const settings = {
      name,
      programs: server.directory,
      directory,
      home,
      ...ports,
      distributionPort: await freePort(),
      epmdPort,
      config: brokerConfig({ version: server.version, listen: ports, tls, cluster: names, more }),
      enabledPlugins: enabledPlugins(options.plugins ?? []),
      certificates: options.tls,
      erlangArguments: erlangArguments(options.erlangArguments),
    }
    nodes.push(new LocalNode(settings, reaper))
  }
  return nodes
}

async function remove({
  nodes,
  epmd,
  home,
  reaper,
}: {
  nodes: LocalNode[]
  epmd: ChildProcess
  home: string
  reaper: Reaper
}): Promise<void> {
  await Promise.all(nodes.map((node) => node.kill()))
  epmd.kill('SIGKILL')
  await rm(home, { recursive: true, force: true, maxRetries: 5 })
  reaper.dismiss()
}
