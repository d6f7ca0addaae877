// GET /v1/orgs/{orgId}/projects as one writes it today: Powertools routes, zod validates, jose verifies.

import { Router } from '@aws-lambda-powertools/event-handler/http';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { verify } from './auth.js';
import { count } from './limit.js';
import { pageRequest } from './page.js';
import { list } from './projects.js';
import { Refusal } from './refusal.js';

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-site',
};

const app = new Router();

app.use(async ({ reqCtx, next }) => {
  const { requestId } = (reqCtx.event as APIGatewayProxyEventV2).requestContext;
  for (const [name, value] of Object.entries(HEADERS)) reqCtx.res.headers.set(name, value);
  reqCtx.res.headers.set('x-request-id', requestId);
  await next();
});

app.errorHandler(Refusal, async (refusal) => refusal.response());

app.errorHandler(Error, async (error) => {
  console.error(JSON.stringify({ level: 'ERROR', message: String(error) }));
  return new Refusal(503, 'SERVICE_UNAVAILABLE', 'The service is temporarily unavailable, try again shortly', {
    'retry-after': '1',
  }).response();
});

app.get('/v1/orgs/:orgId/projects', async ({ req, res, params }) => {
  const { sub, organizations } = await verify(req.headers.get('authorization'));
  const organization = params['orgId'] ?? '';
  const page = async () => {
    if (!organizations.includes(organization)) {
      throw new Refusal(403, 'FORBIDDEN', 'You are not a member of this organization');
    }
    return await list(organization, pageRequest(new URL(req.url).searchParams, organization));
  };
  // The counter runs beside the query, so that it costs no time; its decision comes first.
  const [limit, data] = await Promise.allSettled([count(sub), page()]);
  if (limit.status === 'rejected') throw limit.reason;
  for (const [name, value] of Object.entries(limit.value)) res.headers.set(name, value);
  if (data.status === 'rejected') throw data.reason;
  return { data: data.value };
});

export const handler = async (event: APIGatewayProxyEventV2, context: Context) => {
  const began = performance.now();
  const response = await app.resolve(event, context);
  const { requestId } = event.requestContext;
  const duration_ms = performance.now() - began;
  console.log(
    JSON.stringify({ level: 'INFO', message: 'request', requestId, status: response.statusCode, duration_ms }),
  );
  return response;
};
