{{/* Names, labels and images. Nothing here makes an object. */}}

{{- define "podcov.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "podcov.fullname" -}}
{{- $name := include "podcov.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $full | replace "." "-" | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "podcov.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end -}}

{{/* Name of cluster-scoped objects. A namespace has no dot, so no two releases share one. */}}
{{- define "podcov.clusterName" -}}
{{- printf "%s.%s" (include "podcov.namespace" .) (include "podcov.fullname" .) -}}
{{- end -}}

{{- define "podcov.secretName" -}}
{{- .Values.certificates.secretName | default (printf "%s-tls" (include "podcov.fullname" .)) -}}
{{- end -}}

{{/* of: {root, component} */}}
{{- define "podcov.selector" -}}
app.kubernetes.io/name: {{ include "podcov.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* of: {root, component}. The label coverage.io/component keeps the webhook away from our own objects. */}}
{{- define "podcov.labels" -}}
{{ include "podcov.selector" . }}
app.kubernetes.io/part-of: podcov
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
coverage.io/component: {{ .component }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* of: {root, component} */}}
{{- define "podcov.metadata" -}}
name: {{ include "podcov.fullname" .root }}-{{ .component }}
namespace: {{ include "podcov.namespace" .root }}
labels: {{- include "podcov.labels" . | nindent 2 }}
{{- end -}}

{{/* of: {root, image}: registry/repository:tag, or @digest */}}
{{- define "podcov.image" -}}
{{- with .image.registry }}{{ . }}/{{ end -}}
{{- .image.repository -}}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ .image.tag | default .root.Chart.AppVersion }}{{ end -}}
{{- end -}}

{{/* of: {root, component} */}}
{{- define "podcov.serviceAccountName" -}}
{{- $account := (index .root.Values .component).serviceAccount -}}
{{- if $account.create -}}
{{- $account.name | default (printf "%s-%s" (include "podcov.fullname" .root) .component) -}}
{{- else -}}
{{- $account.name | default "default" -}}
{{- end -}}
{{- end -}}
