// Authentication: the token of the Authorization header, verified by jose.

import { createSecretKey } from 'node:crypto';
import { jwtVerify } from 'jose';
import { z } from 'zod';
import { Refusal } from './refusal.js';
import { settings } from './settings.js';

const key = createSecretKey(Buffer.from(settings.AUTH_JWT_SECRET));

const claims = z.object({
  sub: z.string().min(1),
  organizations: z.array(z.string()).default([]),
});

export type Claims = z.infer<typeof claims>;

export async function verify(header: string | null): Promise<Claims> {
  const token = header?.startsWith('Bearer ') ? header.slice('Bearer '.length) : undefined;
  if (token === undefined) throw unauthorized('Bearer');
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      issuer: settings.AUTH_ISSUER,
      audience: settings.AUTH_AUDIENCE,
      clockTolerance: settings.AUTH_LEEWAY_SECONDS,
      requiredClaims: ['exp', 'sub'],
    });
    return claims.parse(payload);
  } catch {
    throw unauthorized('Bearer error="invalid_token"');
  }
}

function unauthorized(challenge: string): Refusal {
  return new Refusal(401, 'UNAUTHORIZED', 'Authentication is required', { 'www-authenticate': challenge });
}
