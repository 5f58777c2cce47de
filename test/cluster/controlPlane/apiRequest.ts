import { request, type RequestOptions } from 'node:https';
import { json } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query, such as /apis/traceprobe.io/v1alpha1/traceprobes?fieldValidation=Strict. */
  path: string;
  body?: string;
  /** Default: application/json. */
  contentType?: string;
}

export interface ApiResponse {
  status: number;
  /** An object of the API, or a Status. */
  body: unknown;
}

/** One request to the API server as it is sent on the wire, for what the typed client does not let through. */
export async function apiRequest(kubeConfig: KubeConfig, wanted: ApiRequest): Promise<ApiResponse> {
  const { method, path, body, contentType = 'application/json' } = wanted;
  const options: RequestOptions = {
    method,
    headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': contentType }) },
  };
  await kubeConfig.applyToHTTPSOptions(options);
  const url = new URL(path, kubeConfig.getCurrentCluster()?.server);
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const status = response.statusCode ?? 0;
      json(response).then((answer) => {
        resolve({ status, body: answer });
      }, reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
