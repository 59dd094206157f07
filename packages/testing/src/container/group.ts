import type { NodeGroup } from '../node-process.js'
import type { StartOptions } from '../rabbitmq.js'

export async function containerGroup(_options: StartOptions): Promise<NodeGroup> {
  throw new Error('not yet')
}
