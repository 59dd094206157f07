import type { Check } from './check.js'
import { alarms } from './checks/broker/alarms.js'
import { certificate } from './checks/broker/certificate.js'
import { clock } from './checks/broker/clock.js'
import { deprecated } from './checks/broker/deprecated.js'
import { featureFlags } from './checks/broker/feature-flags.js'
import { rights } from './checks/broker/rights.js'
import { unroutable } from './checks/broker/unroutable.js'
import { version } from './checks/broker/version.js'
import { heartbeats } from './checks/clients/heartbeats.js'
import { mixedConnections } from './checks/clients/mixed-connections.js'
import { serviceNames } from './checks/clients/service-names.js'
import { unboundedPrefetch } from './checks/clients/unbounded-prefetch.js'
import { atLeastOnce } from './checks/queues/at-least-once.js'
import { consumerTimeout } from './checks/queues/consumer-timeout.js'
import { deadLetters } from './checks/queues/dead-letters.js'
import { limitWithoutRoute } from './checks/queues/limit-without-route.js'
import { orphanedDelays } from './checks/queues/orphaned-delays.js'
import { unattended } from './checks/queues/unattended.js'
import { unheardExchanges } from './checks/queues/unheard-exchanges.js'
import { instrumentation } from './checks/self/instrumentation.js'
import { nodeVersion } from './checks/self/node-version.js'

/** All checks of `doctor`. */
export const CHECKS: readonly Check[] = [
  ...[alarms, version, featureFlags, deprecated, unroutable, clock, certificate, rights],
  ...[unattended, deadLetters, orphanedDelays, limitWithoutRoute, atLeastOnce, consumerTimeout, unheardExchanges],
  ...[unboundedPrefetch, mixedConnections, heartbeats, serviceNames],
  ...[nodeVersion, instrumentation],
]
