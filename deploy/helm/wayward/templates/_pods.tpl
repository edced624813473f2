{{/* What pods and containers have in common. `own` is the part's own `pod` value; it stands before .Values.pod. */}}

{{/* As the Pod Security Standard "restricted" asks, for the pod. Volumes belong to the group. */}}
{{- define "wayward.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* The same for each container. */}}
{{- define "wayward.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "wayward.podLabels" -}}
{{ include "wayward.labels" . }}
{{- with merge (dict) (default (dict) .own.labels) .root.Values.pod.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "wayward.podAnnotations" -}}
{{- with merge (dict) (default (dict) .own.annotations) .root.Values.pod.annotations (default (dict) .more) -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* The lines of a pod's spec that its part does not change. */}}
{{- define "wayward.podSpec" -}}
{{ include "wayward.podIdentity" . }}
securityContext:
  {{- include "wayward.podSecurity" . | nindent 2 }}
{{- with include "wayward.podPlacement" . | trim }}
{{ . }}
{{- end }}
{{- if (include "wayward.podValues" . | fromYaml).spread }}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "wayward.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The `pod` value of a part, with that of all pods below it. */}}
{{- define "wayward.podValues" -}}
{{- mergeOverwrite (deepCopy .root.Values.pod) .own | toYaml -}}
{{- end -}}

{{/* Whose name a pod has, and what its images are pulled with. */}}
{{- define "wayward.podIdentity" -}}
serviceAccountName: {{ include "wayward.serviceAccountName" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* On which nodes it may run, and before whom. */}}
{{- define "wayward.podPlacement" -}}
{{- $pod := include "wayward.podValues" . | fromYaml -}}
{{- with $pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "wayward.extraEnv" -}}
{{- with concat .root.Values.pod.extraEnv (default (list) .own.extraEnv) -}}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{/*
Probes of our processes. HTTP answers from the first moment, gRPC only once the bus is there: so the process has started
and lives when HTTP answers, and is ready when grpc.health.v1 says so. A bus that is away restarts nothing. The kubelet speaks
TLS to HTTP and not to gRPC: /readyz says the same.
*/}}
{{- define "wayward.probes" -}}
{{- $scheme := .Values.tls.enabled | ternary ", scheme: HTTPS" "" -}}
startupProbe:
  httpGet: { path: /livez, port: http{{ $scheme }} }
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  {{- if .Values.tls.enabled }}
  httpGet: { path: /readyz, port: http, scheme: HTTPS }
  {{- else }}
  grpc: { port: 4610 }
  {{- end }}
  periodSeconds: 3
  timeoutSeconds: 2
livenessProbe:
  httpGet: { path: /livez, port: http{{ $scheme }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end -}}

{{/* Endpoints forget a pod that ends before it stops to answer. */}}
{{- define "wayward.drain" -}}
lifecycle:
  preStop:
    sleep: { seconds: 5 }
terminationMessagePolicy: FallbackToLogsOnError
{{- end -}}

{{- define "wayward.volumeClaim" -}}
- metadata:
    name: data
    labels:
      {{- include "wayward.selector" . | nindent 6 }}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with default .root.Values.global.storageClass .volume.storageClass }}
    storageClassName: {{ . }}
    {{- end }}
    resources:
      requests:
        storage: {{ .volume.size }}
{{- end -}}

{{- define "wayward.disruption" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "wayward.partName" . }}
  labels:
    {{- include "wayward.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  # A pod that is broken anyway never blocks the drain of a node.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "wayward.selector" . | nindent 6 }}
    # The job before an upgrade goes as an archive. A job cannot be scaled, and a budget that chooses its pod lets none go.
    matchExpressions:
      - { key: batch.kubernetes.io/job-name, operator: DoesNotExist }
{{- end -}}
