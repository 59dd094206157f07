import { diskAlarm, memoryAlarm } from './alarms.js'
import { absent, kill, pause, restart } from './broker-process.js'
import { consumerTimeout, forbidden, missingExchange, tooLarge } from './channels.js'
import { clientKilled, eventLoop } from './client-process.js'
import { leaderKilled, partition, rollingRestart } from './cluster.js'
import type { Fault } from './fault.js'
import { closed, passwordChanged, passwordRotated, queueDeleted, queueFull, revoked, vhostDeleted } from './operator.js'
import { poison } from './poison.js'
import { clientClosed, quickDrops, resetOnce, sharedLetters, stuckDelivery } from './receiving.js'
import { blackHole, cut, fin, latency, reset } from './wire.js'

/** Faults of a client of one broker, in their order. */
export const faults: readonly Fault[] = [
  reset,
  fin,
  blackHole,
  latency,
  cut,
  eventLoop,
  missingExchange,
  tooLarge,
  forbidden,
  closed,
  queueDeleted,
  vhostDeleted,
  revoked,
  passwordChanged,
  passwordRotated,
  queueFull,
  poison,
  clientKilled,
  clientClosed,
  quickDrops,
  resetOnce,
  stuckDelivery,
  sharedLetters,
  consumerTimeout,
  memoryAlarm,
  diskAlarm,
  pause,
  kill,
  restart,
  absent,
]

/** Faults of a client of a cluster. */
export const clusterFaults: readonly Fault[] = [leaderKilled, rollingRestart, partition]
