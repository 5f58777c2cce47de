{{- define "traceprobe.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Names are fixed: certificates, clients and the command line know them. validate.yaml refuses a second release. */}}
{{- define "traceprobe.labels" -}}
app.kubernetes.io/name: traceprobe
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: traceprobe
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* Of the pods of one component. */}}
{{- define "traceprobe.selector" -}}
app.kubernetes.io/name: traceprobe
app.kubernetes.io/component: {{ . }}
{{- end -}}

{{/* What Pod Security "restricted" asks of a pod. */}}
{{- define "traceprobe.restrictedPod" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* What Pod Security "restricted" asks of a container. */}}
{{- define "traceprobe.restrictedContainer" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* The agent is ready when it lives: that it has no controller for a while stops no probe. */}}
{{- define "traceprobe.livenessProbe" -}}
livenessProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 20
  timeoutSeconds: 5
{{- end -}}
{{- define "traceprobe.readinessProbe" -}}
readinessProbe:
  httpGet: { path: /readyz, port: metrics }
  periodSeconds: 5
{{- end -}}

{{- define "traceprobe.ports" -}}
- { name: grpc, containerPort: 9443 }
- { name: metrics, containerPort: {{ .Values.metrics.port }} }
{{- end -}}

{{/* Who the pod is, for its own log and lease. */}}
{{- define "traceprobe.downward" -}}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: POD_NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: POD_IP
  valueFrom: { fieldRef: { fieldPath: status.podIP } }
{{- end -}}

{{/* Where pods of a component run. A dict: values, component. */}}
{{- define "traceprobe.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* The release that an object of the cluster is of, as NAMESPACE/NAME; "/": of none. */}}
{{- define "traceprobe.owner" -}}
{{- $annotations := .metadata.annotations | default dict -}}
{{ get $annotations "meta.helm.sh/release-namespace" }}/{{ get $annotations "meta.helm.sh/release-name" }}
{{- end -}}

{{/* How to give an object that is there to this release. A dict: object (as kubectl takes it), root. */}}
{{- define "traceprobe.adopt" -}}
Give it to this one: kubectl label {{ .object }} app.kubernetes.io/managed-by=Helm --overwrite && kubectl annotate {{ .object }} meta.helm.sh/release-name={{ .root.Release.Name }} meta.helm.sh/release-namespace={{ .root.Release.Namespace }} --overwrite
{{- end -}}

{{/* The ConfigMap traceprobe-ca where it is there and not this release's: earlier versions let the controller make it. */}}
{{- define "traceprobe.strangersAuthority" -}}
{{- $authority := lookup "v1" "ConfigMap" .Release.Namespace "traceprobe-ca" -}}
{{- if $authority -}}
{{- if ne (include "traceprobe.owner" $authority) (printf "%s/%s" .Release.Namespace .Release.Name) }}true{{ end -}}
{{- end -}}
{{- end -}}
